"""`make flash` with the real mpremote onto the stock MicroPython of the emulated Pico W; the cable is pulled."""

import json

import pytest

from hil_tests.emulated_rig import station
from tools import flash
from tools.board.served import ServedBoard
from tools.flash_board import Board
from tools.flash_texts import FlashError

BOARD = "rpi_pico_w"
START_S = 240


@pytest.mark.long
def test_a_new_board_an_update_whose_cable_is_pulled_and_a_repeat(emulator, tmp_path):
    path = tmp_path / "station.json"
    path.write_text(json.dumps(station(1, 200000)))
    with ServedBoard() as board:
        said = []
        assert flash.flash(BOARD, board.url, path, None, "en", True, said.append) == 0, said
        assert said[-1].startswith("done: station GC-HIL runs")

        path.write_text(json.dumps(station(1, 190000)))
        image, files, _ = flash.wanted_files(BOARD, path, None, "en", True)
        connected = Board(board.url)

        def pull(key, **facts):
            if key == "sent":
                connected._line.close()

        with pytest.raises(FlashError) as caught:
            flash.Flashing(connected, image, files, pull).run()
        assert caught.value.facts["state"] == "state_old"
        # Nobody feeds the watchdog any more: the board starts again with what it had.
        again = Board(board.url)
        again.first_words("Guangchu: GC-HIL ", START_S)
        again.close()

        said.clear()
        assert flash.flash(BOARD, board.url, path, None, "en", True, said.append) == 0, said
        written = next(line for line in said if "files to write" in line)
        assert 1 <= int(written.split()[0]) < 10, said  # not everything once more
