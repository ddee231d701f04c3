"""The clock against a real UDP server, on both runtimes: right, silent, foreign and unsynchronised answers."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIX_S = 1_800_000_000

SCRIPT = """
import asyncio, sys
from drivers.ticks import sleep_ms, ticks_ms, ticks_diff
from firmware import ntp
from firmware.clock import Clock
from firmware.clock_task import ClockTask
ntp._TIMEOUT_MS = 300
async def main(port):
    clock = Clock(ticks_ms())
    clock.source = ""
    task = ClockTask(clock, {"ntp_host": "127.0.0.1", "ntp_port": port}, 7)
    began_ms = last_ms = ticks_ms()
    worst_ms = 0
    running = asyncio.create_task(task.run())
    while ticks_diff(ticks_ms(), began_ms) < 2000 and not clock.source and not task.unanswered:
        await sleep_ms(1)
        now_ms = ticks_ms()
        worst_ms, last_ms = max(worst_ms, ticks_diff(now_ms, last_ms)), now_ms
    print(clock.source or "-", clock.now_s(ticks_ms()), clock.error_ms(ticks_ms()), task.unanswered, worst_ms)
    running.cancel()
asyncio.run(main(int(sys.argv[1])))
"""


def answered(runtime, tmp_path, change):
    """What the clock shows after one question to a server whose answers `change` spoils (None: it stays silent)."""
    script = tmp_path / "ask.py"
    script.write_text(SCRIPT, encoding="utf-8")
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    server.settimeout(20)

    def serve():
        try:
            question, address = server.recvfrom(100)
        except OSError:
            return
        answer = bytearray(48)
        answer[0], answer[1] = 0x24, 2
        answer[24:32] = question[40:48]
        answer[40:44] = (UNIX_S + 2208988800).to_bytes(4, "big")
        if change is not None:
            server.sendto(b"", address)
            server.sendto(bytes(change(answer)), address)

    thread = threading.Thread(target=serve)
    thread.start()
    environment = dict(os.environ, PYTHONPATH=str(ROOT), MICROPYPATH=f"{ROOT}:.frozen", PYTHONDONTWRITEBYTECODE="1")
    python = Path(sys.executable)
    command = [python] if runtime == "cpython" else [python.parent / "micropython", "-X", "heapsize=190wK"]
    done = subprocess.run(
        [*map(str, command), str(script), str(server.getsockname()[1])],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
    )
    thread.join()
    server.close()
    assert done.returncode == 0, done.stderr
    source, now_s, error_ms, unanswered, _ = done.stdout.split()
    return source, now_s, int(error_ms), int(unanswered)


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_a_time_server_sets_the_clock(runtime, tmp_path):
    source, now_s, error_ms, unanswered = answered(runtime, tmp_path, lambda answer: answer)
    assert source == "ntp" and 0 <= int(now_s) - UNIX_S <= 2 and 1000 <= error_ms < 3500 and unanswered == 0


def put(at, value):
    def change(answer):
        answer[at] = value
        return answer

    return change


@pytest.mark.parametrize(
    "change",
    [None, put(24, 1), put(0, 0x23), put(0, 0xE4), put(1, 0), put(1, 16), lambda answer: answer[:47]],
    ids=["silent", "other_question", "no_server", "not_in_step", "kiss_of_death", "stratum_16", "cut_off"],
)
def test_an_answer_that_cannot_be_trusted_sets_nothing(change, tmp_path):
    source, now_s, _, unanswered = answered("micropython", tmp_path, change)
    assert (source, now_s, unanswered) == ("-", "None", 1)


def test_the_seconds_go_on_after_2036():
    from firmware.ntp import _seconds

    answer = bytearray(48)
    answer[0], answer[1] = 0x24, 1
    answer[40:44] = (2_100_000_000 + 2208988800 - (1 << 32)).to_bytes(4, "big")
    assert _seconds(bytes(answer), bytes(8)) == 2_100_000_000
