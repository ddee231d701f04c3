"""Reads the names that a MicroPython image has in its read-only memory, out of the image itself.

    python -m tools.rom_names IMAGE > boards/BOARD/rom_names.txt

IMAGE: a .uf2 of an RP2 board, or the shared library of the unix port. A name of the firmware that is among them costs
a board no RAM (tools/names.py). They stand in pools (MicroPython 1.27, py/qstr.h): a header of six words, the last
three the number of names, the address of their hashes and that of their lengths, then one pointer for each name.
"""

import re
import struct
import sys
import textwrap
from pathlib import Path

_HEADER_WORDS = 6  # previous pool, names before it, room, names, hashes, lengths
_MOST = 5000  # names of a pool
_UF2_BLOCK, _UF2_MAGIC = 512, 0x0A324655
_UF2_DATA_AT = 32
_ELF_MAGIC, _ELF_LOAD = b"\x7fELF\x02\x01", 1
_ELF_RELA, _ELF_SYMBOLS, _ELF_SYMBOL_BYTES = 4, 11, 24  # kinds of section
_ELF_TO_SYMBOL, _ELF_RELATIVE = 1, 8  # kinds of pointer that the loader fills in, on x86-64
_WIDTH = 120


class Memory:
    """base: address of the first byte. word: bytes of a pointer."""

    def __init__(self, base, data, word):
        self.base, self.data, self.word = base, bytes(data), word
        count = len(self.data) // word
        self.words = struct.unpack(f"<{count}{'IQ'[word == 8]}", self.data[: count * word])

    def holds(self, address):
        return self.base <= address < self.base + len(self.data)

    def text(self, address, length):
        """The bytes of a text that ends with a zero after `length`, or None."""
        start = address - self.base
        if not self.holds(address) or self.data.find(b"\0", start) != start + length:
            return None
        return self.data[start : start + length]


def names(path) -> list:
    """The identifiers in the pools of an image, sorted. ValueError for a file that is none, or has no pool."""
    memory = _memory(Path(path).read_bytes())
    found = {name.decode() for at in range(len(memory.words) - _HEADER_WORDS) for name in _pool(memory, at)}
    if not found:
        raise ValueError(f"{path}: no pool of names")
    return sorted(name for name in found if re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name))


def listed(path) -> frozenset:
    """The names of a file that this tool wrote."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return frozenset(name for line in lines if not line.startswith("#") for name in line.split())


def _pool(memory, at):
    """The names of the pool whose header is at this word; none where there is no pool."""
    *_, room, count, _, lengths_at = memory.words[at : at + _HEADER_WORDS]
    pointers = memory.words[at + _HEADER_WORDS : at + _HEADER_WORDS + count] if 0 < count < _MOST else ()
    if not pointers or not 0 < room < _MOST or not memory.holds(lengths_at) or len(pointers) < count:
        return []
    start = lengths_at - memory.base
    found = []
    for pointer, length in zip(pointers, memory.data[start : start + count], strict=False):
        name = memory.text(pointer, length)
        if name is None:
            return []
        found.append(name)
    return found


def _memory(data):
    if data[:4] == struct.pack("<I", _UF2_MAGIC):
        return _of_uf2(data)
    if data[:6] == _ELF_MAGIC:
        return _of_elf(data)
    raise ValueError("neither UF2 nor 64-bit ELF")


def _of_uf2(data):
    blocks = {}
    for at in range(0, len(data), _UF2_BLOCK):
        _, _, _, address, size = struct.unpack_from("<5I", data, at)
        blocks[address] = data[at + _UF2_DATA_AT : at + _UF2_DATA_AT + size]
    return Memory(min(blocks), _joined(blocks), 4)


def _of_elf(data):
    """A shared library as it is in memory: its pointers are filled in by the loader."""
    headers_at, sections_at = struct.unpack_from("<QQ", data, 32)
    header_bytes, headers, section_bytes, sections = struct.unpack_from("<4H", data, 54)
    blocks = {}
    for at in range(headers_at, headers_at + headers * header_bytes, header_bytes):
        kind, _, offset, address, _, size = struct.unpack_from("<IIQQQQ", data, at)
        if kind == _ELF_LOAD:
            blocks[address] = data[offset : offset + size]
    base, loaded = min(blocks), _joined(blocks)
    tables = []
    for at in range(sections_at, sections_at + sections * section_bytes, section_bytes):
        _, kind, _, _, offset, size = struct.unpack_from("<IIQQQQ", data, at)
        tables.append((kind, data[offset : offset + size]))
    symbols = next((table for kind, table in tables if kind == _ELF_SYMBOLS), b"")
    for place, info, addend in (each for kind, table in tables if kind == _ELF_RELA
                                for each in struct.iter_unpack("<QQq", table)):
        if info & 0xFFFFFFFF == _ELF_TO_SYMBOL:
            addend += struct.unpack_from("<Q", symbols, (info >> 32) * _ELF_SYMBOL_BYTES + 8)[0]
        elif info & 0xFFFFFFFF != _ELF_RELATIVE:
            continue
        struct.pack_into("<q", loaded, place - base, addend)
    return Memory(base, loaded, 8)


def _joined(blocks):
    """{address: bytes} in one piece."""
    base = min(blocks)
    whole = bytearray(max(address + len(block) for address, block in blocks.items()) - base)
    for address, block in blocks.items():
        whole[address - base : address - base + len(block)] = block
    return whole


def main(arguments):
    found = names(arguments[0])
    print(f"# {len(found)} names that {Path(arguments[0]).name} has in its ROM: python -m tools.rom_names")
    print(textwrap.fill(" ".join(found), _WIDTH, break_long_words=False, break_on_hyphens=False))


if __name__ == "__main__":
    main(sys.argv[1:])
