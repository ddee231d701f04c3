"""`make board`: the emulated Pico W in real time behind TCP ports, driven by real mpremote and a real socket."""

import hashlib
import socket
import subprocess
import sys

import pytest

from tests.micropython_collector import not_run
from tools.board.parts import Missing, find
from tools.board.served import HOST, ServedBoard


@pytest.fixture
def board(tmp_path):
    try:
        find()
    except Missing as missing:
        not_run(str(missing))
    with ServedBoard(tmp_path / "flash.img", pace="max") as board:
        yield board


def mpremote(board, *arguments):
    command = [sys.executable, "-m", "mpremote", "connect", board.url, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_mpremote_copies_a_file_and_the_board_keeps_it_over_a_restart_of_the_process(board, tmp_path):
    data = bytes(range(256)) * 12
    (tmp_path / "data").write_bytes(data)
    mpremote(board, "fs", "cp", str(tmp_path / "data"), ":data")
    board.process.terminate()
    board.process.wait(30)
    with ServedBoard(tmp_path / "flash.img", pace="max") as again:
        assert hashlib.sha256(data).hexdigest() in mpremote(again, "fs", "sha256sum", "data")


def test_a_uart_is_a_tcp_port_in_both_directions(board):
    with socket.create_connection((HOST, board.uart_ports[1]), timeout=60) as line:
        opened = "from machine import UART, Pin\nimport time\nu = UART(1, 115200, tx=Pin(4), rx=Pin(5))\n"
        mpremote(board, "exec", opened + "de = Pin(6, Pin.OUT, value=1); u.write(b'hello'); u.flush(); de(0)")
        assert line.recv(5, socket.MSG_WAITALL) == b"hello"
        line.sendall(b"world")
        waits = "until = time.ticks_add(time.ticks_ms(), 20000)\n"
        waits += "while u.any() < 5 and time.ticks_diff(until, time.ticks_ms()) > 0: pass\n"
        assert mpremote(board, "resume", "exec", waits + "print(u.read())").strip() == "b'world'"


def test_a_port_that_is_taken_is_an_error(board):
    with pytest.raises(OSError, match="did not start"):
        ServedBoard(usb_port=board.usb_port)
