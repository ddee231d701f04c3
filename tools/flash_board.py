"""A board at the other end of a port, through mpremote's own transport: stop what runs, ask, write, verify, restart.

Every call has a deadline, so that a port that is silent, floods or talks nonsense is a message and not a wait for ever.
"""

import argparse
import ast
import base64
import contextlib
import io
import json
import struct
import time
from pathlib import Path

from mpremote.commands import CommandError, do_connect
from mpremote.main import State
from mpremote.transport import TransportError

from tools.flash_texts import FlashError

_AGENT = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("flash_finish.py", "flash_agent.py")]
CHUNK_BYTES = 4095  # a line of 5.5 kB on the board, which has room for it right after a start
_ANSWER_S = 12
_LONG_S = 60  # a whole file is read back
_SAFE_STATE_S = 12  # the station takes its guns to their fall-back before it stops
_FIRST_BYTE_S = 1
_LOOK_S = 0.001
_MOST_AT_ONCE = 4096
# Some ports pass nothing on before they have heard something. Not at once: a character wakes up the station's console.
_NUDGE_S = 8
_PROMPT = b">>> "
_SHOWN = 160  # bytes of what was received, in a message
_MOST_KEPT = 20  # lines


class _Deadline(Exception):
    """The time for a call is over."""


class _Line:
    """mpremote's serial port with a deadline (it waits for each byte by itself, for ever if need be) and a buffer (it
    takes each byte by itself, too)."""

    def __init__(self, serial):
        self._serial = serial
        self._serial.timeout = 0  # a read gives what is there
        self._buffer = b""
        self._ends_at = 0.0

    def allow(self, seconds):
        self._ends_at = time.monotonic() + seconds

    def _check(self):
        if time.monotonic() > self._ends_at:
            raise _Deadline

    def inWaiting(self):
        self._check()
        if not self._buffer:
            self._buffer = self._serial.read(_MOST_AT_ONCE)
        return len(self._buffer)

    def read(self, count=1):
        while len(self._buffer) < count:
            self._check()
            more = self._serial.read(_MOST_AT_ONCE)
            if not more:
                time.sleep(_LOOK_S)
            self._buffer += more
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def write(self, data):
        self._check()
        return self._serial.write(data)

    def __getattr__(self, name):
        return getattr(self._serial, name)


class Board:
    """port: any device that mpremote accepts (a path, `id:...`, `auto`, `socket://host:port`). Raises FlashError.

    state: key of flash_texts, what the board holds in case the connection is lost now. hears(line): gets what the
    station prints while it stops and starts.
    """

    def __init__(self, port, hears=lambda line: None):
        self.port, self.hears = port, hears
        self.state = "state_old"
        self._transport = self._line = None
        self._connect()

    def _connect(self):
        connection = State()
        try:
            do_connect(connection, argparse.Namespace(device=[self.port]))
        except (CommandError, TransportError, OSError, ValueError) as error:
            raise FlashError("no_port", port=self.port, error=error) from None
        if connection.transport is None:  # "list" is a device to mpremote, but none to flash
            raise FlashError("no_port", port=self.port, error="-")
        self._transport = connection.transport
        self._transport.is_pty = False  # a pseudo-terminal of this machine knows how much is waiting, as others do
        self._line = self._transport.serial = _Line(connection.transport.serial)

    def close(self):
        if self._transport is not None:
            with contextlib.suppress(OSError, _Deadline):
                self._transport.close()
            self._transport = None

    def stop(self):
        """Interrupts whatever runs and gives the raw REPL of a fresh interpreter, without main.py."""
        seen = b""
        with self._watching(_SAFE_STATE_S, lambda: seen):
            # One Ctrl-C only: a second one would cut short what the station does to leave its guns safe.
            self._line.allow(2 * _SAFE_STATE_S)
            self._line.write(b"\r\x03")
            seen = self._until(_PROMPT, _FIRST_BYTE_S)
            if not seen.endswith(_PROMPT):
                self._line.write(b"\x02")  # it may stand in the raw REPL of an interrupted run
                seen += self._until(_PROMPT, _SAFE_STATE_S)
            if not seen.endswith(_PROMPT):
                raise _Deadline
            for line in seen.decode("utf-8", "replace").splitlines()[-_MOST_KEPT:-1]:
                self._hear(line)
            self._line.allow(_ANSWER_S)
            self._transport.enter_raw_repl(soft_reset=True, timeout_overall=_ANSWER_S)

    def start_agent(self):
        for source in _AGENT:
            self._execute(source)

    def ask(self, call, seconds=_ANSWER_S):
        """What a function of the agent prints, as a list of JSON values. Raises FlashError."""
        output = self._execute(call, seconds)
        try:
            return [json.loads(line) for line in output.decode().splitlines()]
        except ValueError:
            raise FlashError("nonsense", port=self.port, found=_shown(output), state=self.state) from None

    def put(self, path, data, sent=lambda count: None):
        """Writes a file and gives [path, size, SHA-256] as the board reads it back; sent(count): bytes so far."""
        self.ask(f"begin({path!r})")
        for at in range(0, len(data), CHUNK_BYTES):
            piece = data[at : at + CHUNK_BYTES]
            self.ask(f"add({base64.b64encode(piece)!r})")
            sent(at + len(piece))
        return self.ask(f"end({path!r})", _LONG_S)[0]

    def _execute(self, code, seconds=_ANSWER_S):
        with self._watching(seconds):
            self._line.allow(seconds)
            output, traceback = self._transport.exec_raw(code, timeout=seconds)
        if traceback:
            raise FlashError("board_error", error=traceback.decode("utf-8", "replace").strip().splitlines()[-1])
        return output

    def restart(self):
        """Restarts the board as after power-on, or, where there is only a process, its interpreter."""
        has_reset = b"True" in self._execute("import machine\nprint(hasattr(machine, 'reset'))")
        with self._watching(_ANSWER_S):
            self._line.allow(_ANSWER_S)
            if has_reset:
                self._transport.exec_raw_no_follow("machine.reset()")
            else:
                self._soft_restart()

    def leave(self):
        """Lets what was there run again, as far as the line still allows it; for a run that was given up."""
        with contextlib.suppress(OSError, _Deadline, TransportError):
            self._line.allow(2)
            self._soft_restart()

    def _soft_restart(self):
        self._line.write(b"\r\x03\x02")
        self._until(_PROMPT, 1)
        self._line.write(b"\x04")

    def first_words(self, title, seconds):
        """Waits for the line that begins the station's own words; on the way the port may vanish and come back, also
        more than once (a new station file is checked in a start of its own). Raises FlashError when it ends without
        having started, or says nothing."""
        ends_at = time.monotonic() + seconds
        nudge_at = time.monotonic() + _NUDGE_S
        recent, rest = [], b""
        while time.monotonic() < ends_at:
            try:
                if self._transport is None:
                    self._connect()
                self._line.allow(5)
                if not recent and time.monotonic() > nudge_at:
                    self._line.write(b"\r")
                    nudge_at = ends_at
                rest += self._until(b"\n", 1)
            except (OSError, _Deadline, FlashError):
                self.close()  # a USB port goes away with its board
                time.sleep(0.5)
            if rest.startswith(_PROMPT):
                raise FlashError("not_started", found="\n".join(recent) or "-")
            if rest.endswith(b"\n"):
                line = rest.decode("utf-8", "replace").strip()
                recent, rest = [*recent[-_MOST_KEPT:], line], b""
                self._hear(line)
                if title in line:
                    return
        raise FlashError("no_first_words", seconds=seconds, found="\n".join(recent) or _shown(rest))

    def _hear(self, line):
        if line.strip() and not line.startswith((">", "\x04", "MicroPython ", 'Type "help()"')):
            self.hears(line.strip())

    def _until(self, ending, seconds):
        return self._transport.read_until(1, ending, timeout=None, timeout_overall=seconds)

    @contextlib.contextmanager
    def _watching(self, seconds, seen=None):
        """Whatever mpremote raises on a bad line becomes a FlashError; what it prints then is kept off the screen."""
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                yield
        except _Deadline:
            if seen is None:
                raise FlashError("silent", port=self.port, seconds=seconds, state=self.state) from None
            raise FlashError("no_repl", port=self.port, seconds=seconds, found=_shown(seen())) from None
        except OSError as error:
            raise FlashError("lost", port=self.port, error=error, state=self.state) from None
        except (TransportError, struct.error, ValueError, SyntaxError, TypeError) as error:
            if seen is None:
                raise FlashError("nonsense", port=self.port, found=error, state=self.state) from None
            found = _literal(printed.getvalue()) or seen()
            raise FlashError("no_repl", port=self.port, seconds=seconds, found=_shown(found)) from None


def _literal(text):
    """The bytes that mpremote printed before it gave up."""
    with contextlib.suppress(ValueError, SyntaxError):
        return ast.literal_eval(text.strip())
    return b""


def _shown(data, most=_SHOWN):
    """Bytes as a text without control characters, for a message."""
    text = data[-most:].decode("utf-8", "replace")
    return "".join(each if each.isprintable() else " " for each in text).strip() or "-"
