"""The console beside the running cycle of the emulated Pico W: every command, and what nobody types on purpose."""

import re

import pytest

from hil_tests.files_site import CAP_W, running_site

pytestmark = [pytest.mark.emulated, pytest.mark.long, pytest.mark.timeout(600)]

# What nobody types on purpose.
NONSENSE = {
    "binary": bytes(range(128, 256)) + bytes(32),
    "a line of 10 kB": b"status " + b"x" * 10240,
    "escape sequences": b"\x1b[A\x1b[B\x1b[31m\x1b]0;title\x07\x1bOP",
    "a flood of empty lines": b"\r" * 400,
}
COMMANDS = ("help", "status", "why gun1", "devices", "bus", "alarms", "limits", "log", "lang en", "lang zh")


@pytest.fixture(scope="module")
def site(emulator):
    with running_site(has_platform=False) as site:
        yield site


def test_the_console_answers_beside_the_cycle_and_survives_nonsense(site):
    site.wait(lambda: site.rig.plant.grid_w > 100e3, 30000)
    began_ns = site.board.now_ns
    for command in COMMANDS:
        said = site.type(command.encode())
        assert len(said.splitlines()) >= 2 and "失败" not in said and "failed" not in said, said
    for name, data in NONSENSE.items():
        site.board.type(data + b"\r")
        # 64 characters in 20 ms are taken, or the end of one line
        site.rig.run(1500 + len(data) // 2 + 40 * data.count(b"\r"))
        assert "漏周期 0" in site.type(b"status", 8000), name
    late_ms = int(re.search(r"最迟 (\d+) ms", site.type(b"status")).group(1))
    print(f"latest cycle with the console busy: {late_ms} ms (emulated)")
    assert late_ms < 200
    for device in ("meter", "gun1", "gun2"):  # polled all the while
        times = [at_s for at_s, *_ in site.rig.reads(device) if at_s > began_ns / 1e9]
        assert max(b - a for a, b in zip(times, times[1:], strict=False)) < 0.7, device
    assert site.harm() == {} and site.rig.worst_w() <= CAP_W
