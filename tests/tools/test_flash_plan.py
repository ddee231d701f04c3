"""What is sent to a board, in how many parts, and when its flash is too small."""

from tools.firmware_image import MAIN_INCOMPLETE, sha256
from tools.flash_plan import RESERVE_BYTES, pack, plan

BLOCK = 4096
WANTED = {f"firmware/m{index}.mpy": bytes([index]) * 3000 for index in range(20)} | {
    "station.json": b"{}",
    "main.py": b"print()",
}


def there(files):
    return {path: (len(data), sha256(data)) for path, data in files.items()}


def test_an_empty_board_gets_everything_with_main_last():
    todo = plan(WANTED, {}, BLOCK, 200)
    assert todo.packs == [list(WANTED)] and todo.packs[0][-1] == "main.py"
    assert todo.same == todo.stale == [] and not todo.is_full


def test_a_board_that_holds_it_all_gets_nothing():
    todo = plan(WANTED, there(WANTED), BLOCK, 0)
    assert todo.packs == [] and not todo.is_full


def test_only_what_differs_is_sent():
    old = WANTED | {"firmware/m3.mpy": b"old", "station.json": b"{ }"}
    todo = plan(WANTED, there(old), BLOCK, 50)
    assert todo.packs == [["firmware/m3.mpy", "station.json"]] and len(todo.same) == len(WANTED) - 2


def test_a_file_that_no_longer_belongs_goes_even_when_nothing_else_changes():
    found = there(WANTED | {"firmware/old.mpy": b"old", "drivers/main.py": b"shadows main.mpy"})
    todo = plan(WANTED, found, BLOCK, 50)
    assert todo.stale == ["drivers/main.py", "firmware/old.mpy"] and todo.packs == [[]]
    assert pack(WANTED, todo.packs[0], todo.stale) == b"-drivers/main.py\n-firmware/old.mpy\n"


def test_keys_stay_where_none_are_given_and_are_replaced_where_they_are():
    found = there(WANTED | {"keys.json": b'{"mqtt_password": "x"}'})
    assert plan(WANTED, found, BLOCK, 50).packs == []
    wanted = {"keys.json": b"{}"} | WANTED
    assert plan(wanted, found, BLOCK, 50).packs == [["keys.json"]]


def test_a_part_of_an_interrupted_run_counts_as_room():
    old = there({path: b"old" + data for path, data in WANTED.items()})
    part = {"update.part": (30 * BLOCK, "")}
    assert plan(WANTED, old, BLOCK, 2).is_full
    assert not plan(WANTED, old | part, BLOCK, 2).is_full


def test_without_room_for_old_and_new_it_goes_in_parts_under_a_mark():
    old = there({path: b"old" + data for path, data in WANTED.items()})
    blocks = RESERVE_BYTES // BLOCK + 6
    todo = plan(WANTED, old, BLOCK, blocks)
    assert len(todo.packs) > 1 and not todo.is_full and todo.need_bytes <= todo.room_bytes == blocks * BLOCK
    assert [path for paths in todo.packs for path in paths] == list(WANTED)
    packs = [pack(WANTED, paths, is_last=paths is todo.packs[-1]) for paths in todo.packs]
    assert all(MAIN_INCOMPLETE.encode() in each for each in packs[:-1])
    assert MAIN_INCOMPLETE.encode() not in packs[-1] and packs[-1].endswith(b"+main.py 7\nprint()")


def test_the_mark_is_taken_away_although_main_had_been_right():
    old = there({path: b"old" + data for path, data in WANTED.items()} | {"main.py": WANTED["main.py"]})
    todo = plan(WANTED, old, BLOCK, RESERVE_BYTES // BLOCK + 6)
    assert len(todo.packs) > 1 and todo.packs[-1][-1] == "main.py" and "main.py" not in todo.same


def test_a_full_flash_says_what_is_missing():
    todo = plan(WANTED, {}, BLOCK, 20)
    assert todo.is_full and todo.packs == [] and todo.need_bytes > todo.room_bytes == 20 * BLOCK
    assert not plan(WANTED, {}, BLOCK, todo.need_bytes // BLOCK).is_full
