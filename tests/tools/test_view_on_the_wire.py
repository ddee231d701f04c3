"""The view as a process: fed by the firmware's own messages from real MicroPython through the real broker."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "firmware" / "mqtt"))

from wire import PASSWORD, SIGKILL, Broker, Process  # noqa: E402

ENVIRONMENT = {"GUANGCHU_MQTT_PASSWORD": PASSWORD}


@contextmanager
def ended(process):
    try:
        yield process
    finally:
        process.end()


@pytest.fixture
def broker():
    with ended(Broker()) as process:
        yield process


def telling_station(port):
    micropython = str(Path(sys.executable).parent / "micropython")
    script = str(Path(__file__).with_name("telling_station.py"))
    command = [micropython, "-X", "heapsize=190wK", script, str(port), PASSWORD]
    return ended(Process(command, MICROPYPATH=f"{ROOT}:.frozen"))


def view(port, *options):
    return [sys.executable, "-m", "tools.view", "--port", str(port), "--station", "GC-T", *options]


def run_view(port, *options):
    environment = {**os.environ, **ENVIRONMENT}
    return subprocess.run(view(port, *options), cwd=ROOT, env=environment, capture_output=True, timeout=30)


def test_the_screen_shows_what_the_firmware_sent_and_then_that_it_was_killed(broker):
    with telling_station(broker.port) as station:
        done = run_view(broker.port, "--seconds", "2", "--lang", "both")
        text = done.stdout.decode()
        assert done.returncode == 0 and done.stderr == b""
        for shown in ("391.0 kW", "gun1", "charging", "充电", "60.0 %", "online"):
            assert shown in text, text
        assert "not understood" not in text and "SILENT" not in text
        station.signal(SIGKILL)
        station.process.wait(60)
        time.sleep(0.5)
    done = run_view(broker.port, "--seconds", "1.5", "--lang", "en")
    assert done.returncode == 1 and "OFFLINE" in done.stdout.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_a_terminal_it_lives_and_a_signal_ends_it_cleanly(broker, number):
    master, slave = pty.openpty()
    environment = {**os.environ, **ENVIRONMENT, "TERM": "xterm", "COLUMNS": "100", "LINES": "50"}
    with telling_station(broker.port):
        process = subprocess.Popen(
            view(broker.port, "--lang", "en"), cwd=ROOT, env=environment, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        try:
            seen = read_until(master, b"gun2", 15)
            process.send_signal(number)
            seen += read_until(master, None, 10)
            assert process.wait(60) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(60)
            os.close(master)
    assert b"Traceback" not in seen
    assert b"\x1b[?1049h" in seen and b"\x1b[?1049l" in seen, "the terminal's own screen was not given back"


def read_until(master, wanted, timeout_s):
    """What the terminal got until `wanted` came (None: until its other end was closed)."""
    seen = b""
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if not select.select([master], [], [], 0.1)[0]:
            continue
        try:
            seen += os.read(master, 65536)
        except OSError:
            return seen
        if wanted is not None and wanted in seen:
            return seen
    if wanted is None:
        return seen
    raise AssertionError(f"{wanted!r} did not come; seen: {seen[-500:]!r}")


def test_a_wrong_password_shows_no_station():
    with ended(Broker()) as other:
        done = run_view(other.port, "--seconds", "1.5", "--lang", "en", "--password", "wrong")
    assert done.returncode == 1 and "not connected to the broker" in done.stdout.decode()


def test_without_a_broker_it_waits_and_says_so():
    done = run_view(1, "--seconds", "1", "--lang", "zh")
    assert done.returncode == 1 and "未连接" in done.stdout.decode() and done.stderr == b""
