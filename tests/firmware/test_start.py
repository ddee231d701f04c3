"""The firmware as a process: what it starts with after a new station file, a refused one and none, and its console and
its end on a terminal. The station has no wires here; hil_tests has."""

import codecs
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import unicodedata

import pytest

from tools.compiled import compiled
from tools.run_processes import HEAP, ROOT, micropython

WAIT_S = 30.0  # ends by what is seen, not by this


class Board:
    """A process with a terminal on its console, in a folder that is its flash."""

    def __init__(self, folder):
        self.folder, self.said, self.process = folder, "", None
        self.station = json.loads((ROOT / "tools" / "stations" / "demo.json").read_text(encoding="utf-8"))
        self.mqtt = self.station.pop("mqtt")
        for at, bus in enumerate(self.station["buses"]):  # nobody listens on the discard port and its neighbours
            bus.update({"port": str(folder / bus["id"])} if "port" in bus else {"tcp_port": 9 + at})
        self.put()

    def put(self):
        (self.folder / "station.json").write_text(json.dumps(self.station, ensure_ascii=False), encoding="utf-8")

    def power_on(self):
        self.said, self._decoder = "", codecs.getincrementaldecoder("utf-8")("replace")
        self.terminal, inside = pty.openpty()
        self.process = subprocess.Popen(
            [micropython(), "-X", f"heapsize={HEAP}", "-m", "firmware.main"], cwd=self.folder, stdin=inside,
            stdout=inside, stderr=inside, env={"MICROPYPATH": f"{compiled()}:.frozen"}, start_new_session=True,
        )  # fmt: skip
        os.close(inside)

    def hears(self, pattern):
        """Waits until `pattern` was said; everything that was said up to there, and it is not heard again."""
        until_s = time.monotonic() + WAIT_S
        while not (found := re.search(pattern, self.said)):
            assert time.monotonic() < until_s, (pattern, self.said)
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    data = os.read(self.terminal, 4096)
                except OSError:  # the process has ended
                    raise AssertionError((pattern, self.said)) from None
                self.said += self._decoder.decode(data)
        heard, self.said = self.said[: found.end()], self.said[found.end() :]
        return heard

    def types(self, data):
        os.write(self.terminal, data)

    def ends(self):
        code = self.process.wait(WAIT_S)
        os.close(self.terminal)
        return code

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.hears(r"stopped[^\n]*\n"), self.ends()


@pytest.fixture
def board(tmp_path):
    board = Board(tmp_path)
    yield board
    if board.process is not None and board.process.poll() is None:
        board.process.kill()
        board.process.wait()


def test_a_new_station_file_is_checked_once_and_the_next_start_only_reads_what_was_checked(board):
    board.power_on()
    board.hears("GC-DEMO-01")
    said, code = board.interrupt()
    assert code == 0
    checked = (board.folder / "station.checked").stat()
    board.power_on()
    assert "refused" not in board.hears("GC-DEMO-01")
    board.interrupt()
    assert (board.folder / "station.checked").stat().st_mtime_ns == checked.st_mtime_ns
    board.station["station"]["id"] = "GC-OTHER"
    board.put()
    board.power_on()
    board.hears("GC-OTHER")


def test_a_refused_station_file_is_reported_and_the_last_good_one_stays_in_force(board):
    board.power_on()
    board.hears("GC-DEMO-01")
    board.interrupt()
    board.station["station"]["id"] = "GC-OTHER"
    board.station["devices"][4]["circuit"] = "no-such-circuit"
    board.put()
    board.power_on()
    said = board.hears("GC-DEMO-01")
    assert "devices[4].circuit" in said and "回路" in said and "no-such-circuit" in said and "station.refused" in said
    board.types(b"alarms\n")
    board.hears("站点文件有 1 处错误，沿用旧文件")
    board.interrupt()
    board.power_on()
    assert "devices[4].circuit" not in board.hears("GC-DEMO-01"), "checked at every start"


def test_a_damaged_state_file_is_told_and_the_station_starts_all_the_same(board):
    state = board.folder / "state"
    board.power_on()
    board.hears("GC-DEMO-01")
    until_s = time.monotonic() + WAIT_S
    while not state.exists():
        assert time.monotonic() < until_s
        time.sleep(0.05)
    board.interrupt()
    state.write_bytes(state.read_bytes()[:-4])
    board.power_on()
    said = board.hears("光储 Guangchu: GC-DEMO-01")
    assert "GC-DEMO-01: 状态文件不可用（2" in said and "state file of no use (2" in said
    board.types(b"alarms\nlog\n")
    board.hears("状态文件不可用（2(.|\n)*告警 GC-DEMO-01 状态文件不可用(.|\n)*写闪存 [0-9]")
    board.interrupt()
    board.power_on()
    assert "state" not in board.hears("GC-DEMO-01"), "told of a file that is whole again"


def test_a_damaged_file_of_commands_is_told(board):
    """Limits that a platform had signed are gone with it."""
    (board.folder / "commands").write_bytes(b"guangchu-state 1 2 00000000\n{}")
    board.station["mqtt"] = {**board.mqtt, "host": "127.0.0.1", "port": 9}
    board.put()
    board.power_on()
    assert "commands: 状态文件不可用（2" in board.hears("光储 Guangchu: GC-DEMO-01")
    board.types(b"alarms\n")
    board.hears("commands[^\n]*状态文件不可用（2")


def test_without_a_station_that_may_be_used_nothing_starts(board):
    board.station["cycle_ms"] = 5
    board.put()
    board.power_on()
    assert "cycle_ms" in board.hears("allowed[^\n]*\n")
    assert board.ends() == 2
    (board.folder / "station.json").unlink()
    board.power_on()
    board.hears("station.json[^\n]*\n")
    assert board.ends() == 2


def test_the_console_answers_within_80_columns_whatever_is_typed_and_an_interrupt_ends_the_program_in_order(board):
    board.power_on()
    board.hears("GC-DEMO-01")
    text = ""
    for command, wanted in (("help", "Ctrl-C"), ("status", "堆空闲"), ("why gun2", "dc-hall"), ("devices", "foxess"),
                            ("bus", "lan-super"), ("limits", "ac-row"), ("alarms", "."), ("log", "."),
                            ("lang en", "language"), ("status", "heap free"), ("help", "Ctrl-C")):  # fmt: skip
        board.types(command.encode() + b"\n")
        text += board.hears(wanted + "(.|\n)*?\n> ")
    for line in text.replace("\r", "").split("\n"):
        columns = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)
        assert columns <= 80, line
    board.types(b"\x1b[A\x1b]0;x\x07\x80\xff\n")
    board.hears("characters nobody types")
    for _ in range(40):  # 10 kB in all: a terminal takes 4 kB a line
        board.types(b"x" * 250)
        time.sleep(0.01)
    board.types(b"\n")
    board.hears("more than 72")
    board.types(b"status\n")
    heard = board.hears("cycles missed [0-9]+")
    assert heard.endswith("cycles missed 0"), heard
    said, code = board.interrupt()
    assert code == 0 and "not confirmed" in said  # nobody is there to confirm
