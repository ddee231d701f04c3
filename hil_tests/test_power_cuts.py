"""Power goes in the middle of each flash operation of each file that the firmware writes: every file is then the old or
the new one to the last byte, no other file is touched, and the board writes on. (`state`: test_state_file.py.)
"""

import json

import pytest

from hil_tests.emulated_rig import station
from hil_tests.files_site import checked_bytes
from hil_tests.power import cut_during
from tools.board.emulated import FILES_AT, EmulatedBoard
from tools.board.files import checked, contents, image
from tools.board.repl import Repl
from tools.firmware_image import ROOT, build

pytestmark = [pytest.mark.emulated, pytest.mark.timeout(1200)]

STATION = station(2, 200000)
MQTT_ONLY = ("firmware/command_memory.", "firmware/journal", "firmware/clock.")
JOURNAL = "from firmware.clock import Clock\nfrom firmware.journal import ALARM, SAMPLE, Journal\n"
FINISH = (ROOT / "tools" / "flash_finish.py").read_text(encoding="utf-8")
# What writes a file, with the firmware's own code, NUMBER being 1 before and 2 afterwards.
WRITERS = {
    "commands": """
from firmware.command_memory import Memory
answer = ["operator", NUMBER, "id-NUMBER", "f" * 64, ["accepted", "limit_set"], []]
Memory("commands").save(answer, {"limits": [["operator", "grid", NUMBER, 9, 0]]})
""",
    "journal": JOURNAL + """
kept = Journal(".", NUMBER, Clock(0), 0, 4)
for number in range(9):
    kept.add(ALARM, b'"%s"' % (b"a" * 250), 0)
    kept.add(SAMPLE, b'"s"', 0)
kept.tend(6000)
""",
    "an acknowledged journal": JOURNAL + """
kept = Journal(".", NUMBER, Clock(0), 0, 4)
while NUMBER == 2 and kept.oldest() and kept.oldest().boot == 1:
    kept.acknowledged(kept.oldest())
kept.add(ALARM, b'"%s"' % (b"a" * 250), 0)
kept.tend(6000)
""",
    "black box": """
import asyncio, json
from control.station import Station
from firmware import black_box_file
from firmware.black_box import BlackBox
box = BlackBox(Station(json.load(open("checked.json")), {}), ".", {"n": NUMBER}, 2048)
for cycle in range(3):
    box.record(200)
box.trigger(2)
asyncio.run(black_box_file.save(box))
""",
    "an update": FINISH + """
with open("update.part", "wb") as file:
    file.write(b"+station.json 700\\n" + b"NUMBER" * 700)
    file.write(b"+profiles/new.json 300\\n" + b"NUMBER" * 300)
    file.write(b"-old.json\\n")
os.rename("update.part", "update.bin")
finish_update()
""",
}
UNFINISHED = (".tmp", ".part")  # written beside a file, and taken for nothing
# Tried at each submission; the others, and every operation of each, with --long.
SAMPLE = ("journal", "an update")


def program(name, n):
    return WRITERS[name].replace("NUMBER", str(n)) + "print('written')"


@pytest.fixture(scope="module")
def board(emulator):
    files = build("rpi_pico_w", checked(STATION), own_names=True).files
    wanted = ("firmware/", "drivers/", "control/")
    files = {path: data for path, data in files.items() if path.startswith(wanted)}
    others = build("rpi_pico_w", own_names=True).files  # a station without MQTT does without commands and journal
    files |= {path: others[path] for path in others if path.startswith(MQTT_ONLY)}
    files["checked.json"] = json.dumps(checked(STATION)).encode()
    with EmulatedBoard() as board:
        board.first = image({**files, "old.json": b"old", "station.json": b"0" * 700})
        yield board


def files_of(board):
    return {path: data for path, data in contents(board.flash()[FILES_AT:]).items() if not path.endswith(".mpy")}


def is_sound(path, found, old, new, name):
    """Whether a file is what it was or what it is to be; one of the journal may be deleted on the way, or begun with
    nothing in it yet, and one of an update is put in its place by the next start."""
    if found.get(path) in (old.get(path), new.get(path)):
        return True
    is_replaced = name == "an acknowledged journal"
    if path.startswith("journal/") and found.get(path) == b"":
        return is_replaced or path not in old
    return path not in found and (is_replaced or name == "an update" and "update.bin" in found)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in SAMPLE else pytest.mark.long) for name in WRITERS]
)
def test_a_cut_at_any_flash_operation_leaves_each_file_as_it_was_or_as_it_is_to_be(board, name, request):
    board.power_off()
    board.load(board.first)
    board.power_on()
    assert Repl(board).exec(program(name, 1)) == "written\n"
    saved, old = board.flash()[FILES_AT:], files_of(board)
    before = board.figures()["flash"]["operations"]
    assert Repl(board).exec(program(name, 2)) == "written\n"
    operations = board.figures()["flash"]["operations"] - before
    new = files_of(board)
    assert operations >= 3 and new != old
    is_long = request.config.getoption("--long")
    cuts = range(1, operations + 1) if is_long else (operations // 2, operations)
    print(f"{name}: {operations} flash operations, {len(cuts)} tried")
    for cut in cuts:
        cut_during(board, saved, cut, program(name, 2), 6000)
        found = {path: data for path, data in files_of(board).items() if not path.endswith(UNFINISHED)}
        for path in set(old) | set(new):
            assert is_sound(path, found, old, new, name), (cut, path)
        assert set(found) <= set(old) | set(new) | {"update.bin"}, cut
        board.power_on()
        if "update.bin" in found:  # main.py begins with it
            Repl(board).exec(FINISH + "finish_update()")
            assert {path: data for path, data in files_of(board).items() if not path.endswith(UNFINISHED)} == new, cut
        assert Repl(board).exec(program(name, 2)) == "written\n", cut


@pytest.mark.long
def test_a_cut_while_a_new_station_file_is_taken_in(emulator):
    """The board checks it by itself: afterwards it starts with the old or the new station, and never with none."""
    old, new = dict(STATION), {**STATION, "headroom_permille": 30}
    files = build("rpi_pico_w", checked(STATION)).files
    texts = {which: json.dumps(data).encode() for which, data in (("old", old), ("new", new))}
    with EmulatedBoard() as board:
        volume = image({
            **files, "station.json": texts["new"], "station.checked": checked_bytes(texts["old"]),
        })  # fmt: skip

        def started():
            board.power_on()
            board.type(b"\n")
            return board.run_until(lambda: b"GC-HIL" in board.printed, 30000)

        board.load(volume)
        assert started()
        operations = board.figures()["flash"]["operations"]
        assert 3 <= operations <= 40
        taken = contents(board.flash()[FILES_AT:])["station.checked"]
        assert b'"headroom_permille":30' in taken
        for cut in range(1, operations + 1):
            board.power_off()
            board.printed.clear()
            board.load(volume)
            board.cut(cut)
            board.power_on()
            board.type(b"\n")
            board.run_until(lambda: not board.is_on, 30000)
            found = contents(board.flash()[FILES_AT:])
            assert found["station.checked"] in (checked_bytes(texts["old"]), taken), cut
            assert found["station.json"] == texts["new"]
            board.cut(0)
            board.printed.clear()
            assert started(), (cut, bytes(board.printed))
