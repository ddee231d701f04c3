"""Reads the file of a black box (docs/black-box.md) without a line of the code that wrote it.

`load(path)` checks length and checksum before it believes a byte. What is wrong is a RecordingError with place, what
was found and what is allowed, in Chinese and English.
"""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

SCHEMA = 2
MAGIC = "guangchu-black-box"
KEY, FRAME, REFLEX = 0x4B, 0x46, 0x52
ABSENT_AGE_MS = 1 << 29
_TAIL_BYTES = 9
_MAX_BYTES = 1 << 20


class RecordingError(Exception):
    """A recording that was refused. `zh`, `en`."""

    def __init__(self, place, found, allowed_zh, allowed_en):
        self.zh = f"{place}：发现 {found}，允许 {allowed_zh}"
        self.en = f"{place}: found {found}, allowed {allowed_en}"
        super().__init__(f"{self.zh}\n{self.en}")


@dataclass
class Key:
    """The whole memory of control after a cycle. values: {name: int or list}."""

    cycle: int
    state: dict


@dataclass
class Frame:
    """One cycle: what control was told, and what it decided."""

    cycle: int
    dt_ms: int
    inputs: dict
    decisions: dict
    checksum: int


@dataclass
class Reflex:
    """A meter sample after a cycle, and where base load and storage setpoint were after the reflex to it."""

    cycle: int
    grid_w: int
    decisions: dict


@dataclass
class Recording:
    """head: the JSON line. entries: Keys, Frames and Reflexes, oldest first, beginning with a Key."""

    head: dict
    entries: list

    @property
    def frames(self):
        return [entry for entry in self.entries if isinstance(entry, Frame)]


def load(path) -> Recording:
    """Raises RecordingError; OSError when the file cannot be read."""
    data = Path(path).read_bytes()
    name = Path(path).name
    if len(data) > _MAX_BYTES:
        raise RecordingError(name, f"{len(data)} bytes", f"最多 {_MAX_BYTES} 字节", f"at most {_MAX_BYTES} bytes")
    return parse(data, name)


def parse(data: bytes, name="recording") -> Recording:
    first, _, rest = data.partition(b"\n")
    if first != f"{MAGIC} {SCHEMA}".encode():
        wanted = f'"{MAGIC} {SCHEMA}"'
        raise RecordingError(f"{name}:1", repr(first[:40].decode(errors="replace")), wanted, wanted)
    line, newline, rest = rest.partition(b"\n")
    if not newline:
        raise RecordingError(f"{name}:2", f"{len(data)} bytes without a second line", "一行 JSON", "a line of JSON")
    head = _head(line, name)
    _check_whole(data, len(rest), head["bytes"], name)
    recording = Recording(head, _Entries(head, rest[: head["bytes"]], name).read())
    if not recording.frames:
        raise RecordingError(name, "0 cycles", "至少 1 个周期", "at least 1 cycle")
    return recording


def _head(line, name):
    try:
        head = json.loads(line)
        for title in ("ages", "inputs", "decisions", "summed", "state"):
            for field, length in head["fields"][title]:
                if not isinstance(field, str) or not 0 <= length <= 4096:
                    raise ValueError(field)
        if not isinstance(head["bytes"], int) or head["bytes"] < 0 or not isinstance(head["fixed"], dict):
            raise ValueError("bytes")
    except (ValueError, KeyError, TypeError) as error:
        allowed = "docs/black-box.md"
        raise RecordingError(f"{name}:2", f"{type(error).__name__}: {error}", allowed, allowed) from None
    return head


def _check_whole(data, rest_bytes, ring_bytes, name):
    wanted = len(data) - rest_bytes + ring_bytes + _TAIL_BYTES
    if len(data) != wanted:
        cut = ("（文件被截断）", " (the file was cut off)") if len(data) < wanted else ("", "")
        raise RecordingError(name, f"{len(data)} bytes", f"{wanted} 字节{cut[0]}", f"{wanted} bytes{cut[1]}")
    found = data[-_TAIL_BYTES:]
    real = f"{zlib.crc32(data[:-_TAIL_BYTES]):08x}\n".encode()
    if found != real:
        place = f"{name}: byte {len(data) - _TAIL_BYTES}"
        crc = real.decode().strip()
        raise RecordingError(place, f"CRC {found!r}", f"{crc}（文件已损坏）", f"{crc} (the file is damaged)")


class _Entries:
    """The ring's bytes as entries."""

    def __init__(self, head, data, name):
        self.fields, self.data, self.name, self.at = head["fields"], data, name, 0
        shapes = [("dt_ms", 0), *self.fields["ages"], *self.fields["inputs"], *self.fields["decisions"], ("sum", 0)]
        self.width = sum(max(1, length) for _, length in shapes)
        ages = sum(max(1, length) for _, length in self.fields["ages"])
        self.ages = range(1, 1 + ages)
        self.last = [0] * self.width

    def read(self):
        entries, cycle = [], None
        while self.at < len(self.data):
            start, kind = self.at, self.byte()
            if kind == KEY:
                cycle = self.number()
                width = sum(max(1, length) for _, length in self.fields["state"])
                entries.append(Key(cycle, self.shaped(self.fields["state"], iter(self.changes(width)))))
                self.last = [0] * self.width
            elif kind == FRAME and cycle is not None:
                cycle += 1
                entries.append(self.frame(cycle))
            elif kind == REFLEX and cycle is not None:
                entries.append(self.reflex(cycle))
            else:
                allowed = "0x4b" if cycle is None else "0x4b / 0x46 / 0x52"
                raise RecordingError(f"{self.name}: ring byte {start}", f"0x{kind:02x}", allowed, allowed)
        return entries

    def frame(self, cycle):
        changes = self.changes(self.width)
        dt_ms = self.last[0] ^ changes[0]
        for index, change in enumerate(changes):
            expected = self.last[index]
            if index in self.ages and expected < ABSENT_AGE_MS:
                expected += dt_ms
            self.last[index] = expected ^ change
        values = iter(self.last[1:])
        inputs = self.shaped(self.fields["ages"] + self.fields["inputs"], values)
        return Frame(cycle, dt_ms, inputs, self.shaped(self.fields["decisions"], values), next(values))

    def reflex(self, cycle):
        told = [name for name, length in self.fields["ages"] + self.fields["inputs"] for _ in range(max(1, length))]
        decided = [name for name, length in self.fields["decisions"] for _ in range(max(1, length))]
        base = 1 + len(told) + decided.index("base_w")
        grid_w = self.number() ^ self.last[1 + told.index("grid_w")]
        base_w, setpoint_w = self.number() ^ self.last[base], self.number() ^ self.last[base + 1]
        return Reflex(cycle, grid_w, {"base_w": base_w, "storage_setpoint_w": setpoint_w})

    def changes(self, width):
        changes = []
        while len(changes) < width:
            mask = self.byte()
            if mask == 0:
                changes += [0] * 8 * min(max(1, self.number()), width)
            else:
                changes += [self.number() if mask >> bit & 1 else 0 for bit in range(8)]
        return changes[:width]

    def shaped(self, fields, values):
        return {name: [next(values) for _ in range(length)] if length else next(values) for name, length in fields}

    def number(self):
        low = self.byte()
        value, shift, sign, more = low & 63, 6, low & 64, low & 128
        while more:
            low = self.byte()
            value |= (low & 127) << shift
            shift, more = shift + 7, low & 128
        return ~value if sign else value

    def byte(self):
        if self.at >= len(self.data):
            raise RecordingError(f"{self.name}: ring byte {self.at}", "the end", "完整的记录", "a whole entry")
        self.at += 1
        return self.data[self.at - 1]
