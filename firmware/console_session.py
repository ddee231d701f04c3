"""A session on the console: lines in, answers out. Loaded while somebody types (firmware/console.py).

Each command is a module that is loaded for it, right after a cycle so that there is time, and forgotten afterwards.
"""

import select
import sys

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms
from firmware.cold import forget
from firmware.console import is_ready, poller
from firmware.texts import fill, pair

_LONGEST = 72  # characters of a line
_TURN_MS = 20
_MOST_A_TURN = 64  # characters; a flood waits in the port
_SILENT_MS = 60000
_PIECE = 32  # bytes written at once: a USB port whose host does not read holds whoever writes more than fits
_PATIENCE_TURNS = 100  # then the rest of an answer is given up
_LINE_MS = 60  # that are left before the next cycle when a line is begun: its texts are read from flash, which takes 40
_NOTHING, _LINE = 0, 1
# A board's port shows nobody what he types; the terminal of a process does.
_ECHO = sys.platform in ("rp2", "esp32")
_END = "\r\n" if _ECHO else "\n"
_COMMANDS = {
    "status": "station", "why": "station", "devices": "wires", "bus": "wires", "alarms": "notes", "limits": "notes",
    "log": "notes", "response": "response", "help": "help", "lang": "help",
}  # fmt: skip


class Session:
    """console: Console, whose language it may change."""

    def __init__(self, console):
        self.console, self.running = console, console.running
        self._byte = bytearray(1)
        self._line = bytearray(_LONGEST)
        self._length = 0
        self._is_odd = False  # the line is too long, or has something in it that nobody types
        self._is_over = False  # a carriage return came: a line feed after it is the same end of line
        self._is_writable = poller(console.sink, select.POLLOUT)

    async def run(self):
        """Until nobody has typed for a minute, the other end is gone, or the program is about to end."""
        heard_ms = ticks_ms()
        while not (self.console.is_gone or self.running.cycle.halted):
            if is_ready(self.console.is_readable):
                heard_ms = ticks_ms()
            elif ticks_diff(ticks_ms(), heard_ms) > _SILENT_MS:
                return
            if self._take() == _LINE:
                await self._answer()
            await sleep_ms(_TURN_MS)

    def _take(self):
        """Takes what has come, to the end of a line at most."""
        for _ in range(_MOST_A_TURN):
            if not is_ready(self.console.is_readable):
                break
            if not self.console.source.readinto(self._byte):
                self.console.is_gone = True
                break
            if self._put(self._byte[0]):
                return _LINE
        return _NOTHING

    def _put(self, code):
        """True when `code` ends a line."""
        was_over, self._is_over = self._is_over, code == 13
        if code == 10 and was_over:
            return False
        if code in (10, 13):
            return True
        if code in (8, 127):
            if self._length:
                self._length -= 1
                self._echo(b"\b \b")
        elif self._length == _LONGEST or not 32 <= code < 127:
            self._is_odd = True
        else:
            self._line[self._length] = code
            self._length += 1
            self._echo(self._byte)
        return False

    def _echo(self, data):
        if _ECHO and is_ready(self._is_writable):
            self.console.sink.write(data)

    async def _answer(self):
        words = [] if self._is_odd else str(self._line[: self._length], "ascii").split()
        is_odd, self._is_odd, self._length = self._is_odd, False, 0
        if _ECHO:
            await self.say("")
        if is_odd:
            await self.tell("odd", _LONGEST)
        elif words and (words[0] not in _COMMANDS or len(words) > 2):
            await self.tell("unknown")
        elif words:
            await self._carry_out(words[0], words[1] if len(words) > 1 else "")
        await self._write(b"> ")

    async def _carry_out(self, command, argument):
        await self.running.gate.after_cycle()
        name = "firmware.console_" + _COMMANDS[command]
        try:
            await getattr(__import__(name, None, None, (command,)), command)(self, argument)
        except MemoryError:
            await self.tell("no_memory")
        except Exception as error:  # looking must not end the looking
            await self.tell("failed", "%s: %s" % (type(error).__name__, error))
        finally:
            forget(name)

    def text(self, key, *values):
        """A sentence of the console in its language."""
        return fill(pair("console." + key)[self.console.language], values, self.running.station.circuit_ids)

    def who(self, source):
        """Who set a limit or pressed the stop, for people; the station's own names as they are."""
        try:
            return self.text("by_" + source)
        except KeyError:
            return source

    async def tell(self, key, *values):
        await self.say(self.text(key, *values))

    async def say(self, line):
        """Writes a line, cut where 80 columns end."""
        await self._write((cut(line, 79).rstrip() + _END).encode())

    async def _write(self, data):
        turns = at = 0
        while at < len(data) and turns < _PATIENCE_TURNS:
            if is_ready(self._is_writable):
                self.console.sink.write(data[at : at + _PIECE])
                at += _PIECE
            else:
                turns += 1
                await sleep_ms(_TURN_MS)
        if ticks_diff(self.running.cycle.due_ms, ticks_ms()) > _LINE_MS:
            await sleep_ms(0)
        else:
            await self.running.gate.after_cycle()


def width(text):
    """Columns that a text takes: a Chinese character and its punctuation are two wide (U+3000 and above)."""
    # By the bytes: MicroPython keeps each letter that an iteration over a text gives as a name, for ever.
    return len(text) + len([1 for byte in text.encode() if byte >= 0xE3])


def cut(text, columns):
    """As much of a text as fits."""
    while width(text) > columns:
        text = text[: len(text) - max(1, (width(text) - columns) // 2)]
    return text


def pad(text, columns):
    """A text of exactly so many columns; a negative number puts it to the right."""
    text = cut(text, abs(columns))
    space = " " * (abs(columns) - width(text))
    return space + text if columns < 0 else text + space


def row(cells, columns):
    """Cells in columns of so many places; cells beyond them are left out."""
    return " ".join([pad(cells[at], columns[at]) for at in range(len(columns))])
