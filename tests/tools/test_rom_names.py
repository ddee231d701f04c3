"""The names of a MicroPython image are read out of it, and those kept with a board are really there."""

import struct

import pytest

from tests.micropython_collector import REPOSITORY, find_micropython, not_run
from tools import rom_names
from tools.board.parts import Missing, find


def listed(board):
    return rom_names.listed(REPOSITORY / "boards" / board / "rom_names.txt")


def test_the_names_kept_with_the_pico_w_are_those_of_its_stock_image():
    try:
        _, uf2 = find()
    except Missing as missing:
        not_run(str(missing))
    names = rom_names.names(uf2)
    assert listed("rpi_pico_w") == set(names)
    assert len(names) > 1500 and {"__init__", "mem_free", "GP28", "hexlify"} <= set(names)


def test_the_names_kept_with_the_process_board_are_those_of_the_unix_port():
    if find_micropython() is None:
        not_run("micropython is not installed")
    import micropython_module  # type: ignore

    assert listed("unix") == set(rom_names.names(micropython_module.__file__))


def uf2_of(memory, base):
    blocks = []
    for at in range(0, len(memory), 256):
        data = memory[at : at + 256]
        head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, base + at, len(data), at // 256, 1, 0)
        blocks.append((head + data).ljust(508, b"\0") + struct.pack("<I", 0x0AB16F30))
    return b"".join(blocks)


@pytest.mark.parametrize("lengths, found", [(b"\3\5", ["abc", "defgh"]), (b"\3\4", None)])
def test_a_pool_is_one_only_when_every_length_fits(tmp_path, lengths, found):
    base = 0x10000000
    texts = b"abc\0defgh\0" + lengths
    at = len(texts) + -len(texts) % 4
    pool = struct.pack("<8I", 0, 0, 10, 2, base, base + 10, base, base + 4)
    path = tmp_path / "image.uf2"
    path.write_bytes(uf2_of(texts.ljust(at, b"\xff") + pool, base))
    if found:
        assert rom_names.names(path) == found
    else:
        with pytest.raises(ValueError, match="no pool"):
            rom_names.names(path)


def test_a_file_that_is_no_image_is_refused(tmp_path):
    (tmp_path / "text").write_text("hello")
    with pytest.raises(ValueError, match="UF2"):
        rom_names.names(tmp_path / "text")
