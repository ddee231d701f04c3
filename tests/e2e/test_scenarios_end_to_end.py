"""The whole station in real time: MicroPython, Modbus servers, broker, physics; each scenario must show what its file
says.

The set that runs by default takes less than six minutes. GUANGCHU_ALL_SCENARIOS=1 runs every scenario of the
repository.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "tools" / "scenarios"
ALWAYS = (
    "steady_evening",
    "cloud_front",
    "gun_deaf_in_a_cloud_front",
    "meter_frozen_with_a_cloud_front",
    "emergency_stop",
    "controller_restart",
    "controller_killed_until_fall_back",
)
OTHERS = sorted(path.stem for path in SCENARIOS.glob("*.json") if path.stem not in (*ALWAYS, "scenario.schema"))
CHOSEN = ALWAYS + tuple(OTHERS if os.environ.get("GUANGCHU_ALL_SCENARIOS") else ())


def start(*arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT):
    return subprocess.Popen(
        [sys.executable, "-m", "tools.run", *map(str, arguments)],
        cwd=ROOT,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        text=True,
        env={**os.environ, "GUANGCHU_RUN_MARK": str(os.getpid())},
        start_new_session=True,
    )


def processes_left():
    """Every process that carries this test's mark in its environment: the run's children inherit it."""
    mark = f"GUANGCHU_RUN_MARK={os.getpid()}".encode()
    left = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                left.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return left


@pytest.mark.parametrize("name", CHOSEN)
def test_the_station_shows_the_outcome_of_the_scenario(name, tmp_path):
    figures_file = tmp_path / "figures.json"
    run = start("--scenario", SCENARIOS / f"{name}.json", "--json", figures_file)
    output, _ = run.communicate(timeout=240)
    assert run.returncode == 0, output
    figures = json.loads(figures_file.read_text(encoding="utf-8"))
    assert figures["ok"] and figures["failures"] == []
    assert figures["scenario"] == name
    assert figures["served_kwh"] > 0 and figures["cycles"] > 0 and figures["meter_polls"] > 0
    assert processes_left() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_everything_and_says_so(number, tmp_path):
    figures_file = tmp_path / "figures.json"
    run = start("--seconds", "60", "--json", figures_file)
    time.sleep(4)
    during = processes_left()
    run.send_signal(number)
    output, _ = run.communicate(timeout=30)
    assert run.returncode == 130, output
    assert json.loads(figures_file.read_text(encoding="utf-8"))["interrupted"] is True
    assert len(during) >= 4, during  # runner, broker, controller, bare tick were really there
    assert processes_left() == []


def test_a_killed_runner_leaves_no_process_either():
    run = start("--seconds", "60")
    time.sleep(4)
    assert len(processes_left()) >= 4
    run.kill()
    run.communicate(timeout=30)
    deadline_s = time.monotonic() + 10
    while processes_left() and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert processes_left() == []


def test_in_a_terminal_the_live_view_runs_until_ctrl_c():
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 110, 0, 0))
    run = start(stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    seen, interrupted, deadline_s = b"", False, time.monotonic() + 40
    while time.monotonic() < deadline_s:
        if not select.select([screen], [], [], 0.2)[0]:
            continue
        try:
            seen += os.read(screen, 65536)
        except OSError:  # the last process that held the terminal is gone
            break
        if not interrupted and b"gun6" in seen and b"missed 0" in seen:
            interrupted = True
            run.send_signal(signal.SIGINT)
    os.close(screen)
    assert interrupted, seen[-2000:].decode(errors="replace")
    assert run.wait(15) == 0
    assert processes_left() == []


def test_a_scenario_that_threatens_nothing_fails(tmp_path):
    scenario = json.loads((SCENARIOS / "cloud_front.json").read_text(encoding="utf-8"))
    scenario["events"][0]["to_permille"] = 999
    path = tmp_path / "cloud_front.json"
    path.write_text(json.dumps(scenario), encoding="utf-8")
    figures_file = tmp_path / "figures.json"
    run = start("--scenario", path, "--json", figures_file)
    output, _ = run.communicate(timeout=120)
    assert run.returncode == 1, output
    assert "threatens nothing" in output and "没有构成威胁" in output
    assert json.loads(figures_file.read_text(encoding="utf-8"))["ok"] is False


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--scenario", "absent.json"], "No such file"),
        (["--sessions", "absent.csv"], "cannot"),
        (["--seconds", "5"], "10..3600"),
    ],
)
def test_bad_input_is_refused_before_anything_starts(arguments, words):
    run = start(*arguments)
    output, _ = run.communicate(timeout=30)
    assert run.returncode == 2 and words in output, output


def test_a_bad_station_file_is_refused_before_anything_starts(tmp_path):
    station = json.loads((ROOT / "tools" / "stations" / "demo.json").read_text(encoding="utf-8"))
    station["circuits"][0]["cap_w"] = 1000
    path = tmp_path / "station.json"
    path.write_text(json.dumps(station), encoding="utf-8")
    run = start("--station", path, "--seconds", "10")
    output, _ = run.communicate(timeout=30)
    assert run.returncode == 2, output
    assert "circuits[0]" in output
