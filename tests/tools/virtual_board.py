"""A board to be flashed: MicroPython's unix port at the end of a "cable", a TCP port on 127.0.0.1.

It behaves as a board does where the unix port alone does not: it runs main.py at its start, a soft reset starts a new
interpreter (in the raw REPL without main.py), and Ctrl-C interrupts the program. Its flash is a folder, or with
`blocks` a LittleFS volume of so many blocks of 4096 bytes in a file, which can be full. The cable can be pulled after
a number of bytes, with the power or without.
"""

import fcntl
import os
import pty
import select
import signal
import socket
import subprocess
import termios
import threading
from pathlib import Path

from tests.micropython_collector import HEAP, find_micropython

_SYSTEM = """\
import os, sys, vfs
blocks = int(sys.argv[2])
if blocks:
    class Flash:
        def __init__(self):
            self.file = open(sys.argv[3], "r+b")
        def readblocks(self, block, buffer, offset=0):
            self.file.seek(block * 4096 + offset)
            self.file.readinto(buffer)
        def writeblocks(self, block, buffer, offset=None):
            self.file.seek(block * 4096 + (offset or 0))
            self.file.write(buffer)
            self.file.flush()
        def ioctl(self, operation, argument):
            return {4: blocks, 5: 4096}.get(operation, 0)
    flash = Flash()
    try:
        volume = vfs.VfsLfs2(flash)
    except OSError:
        vfs.VfsLfs2.mkfs(flash)
        volume = vfs.VfsLfs2(flash)
    vfs.umount("/")
    vfs.mount(volume, "/")
    os.chdir("/")
sys.path[:] = ["", ".frozen"]
is_to_run = sys.argv[1] == "run"
sys.argv[:] = [""]
try:
    if is_to_run and "main.py" in os.listdir():
        exec(open("main.py").read(), {"__name__": "__main__"})
except SystemExit:
    os.system("kill -9 $PPID")  # a soft reset; -i would go on with the prompt
except BaseException as problem:
    sys.print_exception(problem)
"""


class VirtualBoard:
    """folder: of its flash and of its own files. blocks: size of its flash, None for a folder without a bound.

    `port` is what mpremote is given. `cut_at`: bytes from the host after which the cable is pulled, once; with
    `cuts_power` the interpreter is killed at the same moment.
    """

    def __init__(self, folder, blocks=None):
        self.flash = Path(folder) / "flash"
        self.flash.mkdir()
        self._system = Path(folder) / "system.py"
        self._system.write_text(_SYSTEM)
        self._image = Path(folder) / "flash.img"
        self.blocks = blocks or 0
        if blocks:
            self._image.write_bytes(b"\xff" * 4096 * blocks)
        self.cut_at, self.cuts_power, self._recent = None, False, b""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._client = None
        self._is_raw = False
        self._process = self._terminal = None
        self._spawn()
        self._ends, self._end = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.write(self._end, b"x")
        self._thread.join(10)
        self._kill()
        for each in (self._server, self._client):
            if each is not None:
                each.close()
        os.close(self._end)
        os.close(self._ends)

    def power_cut(self):
        """Off and on again, with the cable still in."""
        os.write(self._end, b"p")

    def _spawn(self):
        self._terminal, inner = pty.openpty()
        settings = termios.tcgetattr(inner)
        settings[0] = settings[1] = 0  # no translation of what is typed and told
        settings[3] = termios.ISIG  # Ctrl-C interrupts; no echo, no lines
        termios.tcsetattr(inner, termios.TCSANOW, settings)
        program = "run" if not self._is_raw else "wait"

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        environment = {name: value for name, value in os.environ.items() if name != "MICROPYPATH"}
        self._process = subprocess.Popen(
            [find_micropython(), "-X", HEAP, "-i", self._system, program, str(self.blocks), self._image],
            stdin=inner, stdout=inner, stderr=inner, cwd=self.flash, env=environment, preexec_fn=own_terminal,
        )  # fmt: skip
        os.close(inner)
        if self._is_raw:
            os.write(self._terminal, b"\x01")

    def _kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        os.close(self._terminal)

    def _serve(self):
        while True:
            sources = [self._ends, self._server, self._terminal] + ([self._client] if self._client else [])
            ready = select.select(sources, [], [])[0]
            if self._ends in ready:
                if os.read(self._ends, 1) == b"x":
                    return
                self._pull()
                self._off_and_on()
                continue
            if self._terminal in ready:
                self._from_board()
            if self._server in ready:
                client, _ = self._server.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._pull()
                self._client = client
            elif self._client in ready:
                self._from_host()

    def _from_board(self):
        try:
            data = os.read(self._terminal, 4096)
        except OSError:  # the interpreter has ended: that is a soft reset
            self._process.wait()
            os.close(self._terminal)
            self._spawn()
            data = b"MPY: soft reboot\r\n"
        self._tell(data)

    def _tell(self, data):
        if self._client is not None:
            try:
                self._client.sendall(data)
            except OSError:
                self._pull()

    def _from_host(self):
        try:
            data = self._client.recv(4096)
        except OSError:
            data = b""
        if not data:
            self._pull()
            return
        seen = self._recent + data
        self._recent = seen[-200:]
        end = -1 if self.cut_at is None else seen.find(self.cut_at)
        if end < 0:
            self._type(data)
            return
        self._type(data[: end + len(self.cut_at) - len(seen) + len(data)])
        self.cut_at, self._recent = None, b""
        self._pull()
        if self.cuts_power:
            self._off_and_on()

    def _off_and_on(self):
        self._kill()
        self._is_raw = False
        self._spawn()

    def _type(self, data):
        for each in data:
            if each in (1, 2):
                self._is_raw = each == 1
        os.write(self._terminal, data)

    def _pull(self):
        if self._client is not None:
            self._client.close()
            self._client = None
