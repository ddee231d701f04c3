# runs on: cpython, micropython
"""What was learned of the guns comes back after a restart, as long as the gun is the same one, and wears no flash."""

import asyncio

from control import response
from control.station import Station
from control.step import step
from drivers.flash_gate import Gate
from firmware import housekeeping
from firmware.gun_response import restore, stored
from firmware.housekeeping import Housekeeping
from firmware.state import State, encode
from tests.control.stations import config, fresh
from tests.firmware.test_state import Folder


def station(guns=2, **changes):
    return Station(config([changes] * guns))


def taught(made, g=0):
    for _ in range(2):
        response.note(made, g, response.LAG, 880)
        response.note(made, g, response.FALL, 20000)
        response.note(made, g, response.RISE, 70000)
    return made


def bounds(made, g=0):
    return made.lag_now_ms[g], made.fall_now_w_s[g], made.rise_now_w_s[g]


def test_what_was_learned_is_there_before_the_first_cycle_after_a_restart():
    before = taught(station())
    before.learned_rise_w = 31000
    with Folder() as folder:
        state = folder.state({"boots": 0})
        state.values = stored(before, {"boots": 7})
        state.save()
        again = folder.state({"boots": 0})
        assert again.load() is None
        after = station()
        restore(after, again.values)
    assert again.values == {"boots": 7}  # nothing of it stays in memory twice
    assert list(after.observed) == list(before.observed)
    assert bounds(after) == bounds(before) and bounds(after)[0] >= 880 and bounds(after, 1) == (300, 80000, 40000)
    assert after.learned_rise_w == 31000 and after.learned_count == 0
    fresh(after)
    step(after, 200)
    assert bounds(after) == bounds(before)


def test_a_gun_whose_numbers_were_changed_begins_anew():
    values = stored(taught(station()), {})
    for changes in ({"lag_ms": 900}, {"ramp_up_w_s": 60000}, {"ramp_down_w_s": 20000}, {"max_w": 60000}):
        after = station(**changes)
        restore(after, dict(values))
        assert not any(after.observed), changes


def test_a_gun_that_is_gone_and_words_that_are_no_numbers_are_passed_over():
    good = stored(taught(station()), {})["gun.gun1"]
    wrong = good[:-1] + "x", good + ",1", good.replace("880", "-880"), good.replace("880", "9" * 12)
    for text in ("", "300", 5) + wrong:
        after = station()
        values = {"gun.gun1": text, "gun.gone": good, "rise_w": "much", "boots": 1}
        restore(after, values)
        assert not any(after.observed) and after.learned_rise_w == 0, text
        assert values == {"boots": 1}


def test_a_rise_is_no_more_than_the_cap_allows():
    after = station()
    restore(after, {"rise_w": 10000000})
    assert after.learned_rise_w == after.circuit_cap_w[after.root] // 5


def test_the_largest_station_fits_its_state_file_and_the_slow_guns_come_first():
    made = Station(config([{"id": "g" * 28 + "%02d" % number} for number in range(64)]))
    for g in range(64):
        response.note(made, g, response.RISE, 39000)
    taught(made, 63)
    values = stored(made, {"boots": 1, "estop": False})
    assert len(encode(values)) < 8192 and "gun." + made.gun_ids[63] in values
    after = Station(config([{"id": each} for each in made.gun_ids]))
    restore(after, values)
    assert bounds(after, 63) == bounds(made, 63)


class Stop:
    active = changed = False


def saves_in(looks, learn_each, folder):
    """How often the state was saved in so many looks, something being learned in every learn_each-th."""
    made, saves, count = station(), [], [0]
    path, plain_sleep = folder.path + "/state", housekeeping.sleep_ms

    class Counted(Gate):
        def done(self):
            saves.append(count[0])

    keeper = Housekeeping(path, {"boots": 1}, Stop(), Counted(), made)

    async def sleep(ms):
        count[0] += 1
        if count[0] % learn_each == 0:
            response.note(made, 0, response.LAG, count[0] % 4999 + count[0] // 100)
        if count[0] >= looks:
            raise EOFError

    housekeeping.sleep_ms = sleep
    try:
        asyncio.run(keeper.run())
    except EOFError:
        pass
    finally:
        housekeeping.sleep_ms = plain_sleep
    again = State(path, {})
    assert again.load() is None
    return saves, again.values


def test_news_are_saved_soon_and_then_every_minute_at_most():
    with Folder() as folder:
        saves, values = saves_in(20000, 50, folder)
    assert values["boots"] == 1 and values["gun.gun1"].startswith("300 40000 80000 180000:")
    looks = [b - a for a, b in zip(saves, saves[1:])]
    assert 400 <= looks[0] <= 700  # 20 ms each: about 10 s
    assert min(looks[1:]) >= 2900 and 3 <= len(saves) <= 9, saves


def test_without_news_nothing_is_saved():
    with Folder() as folder:
        saves, values = saves_in(50000, 60000, folder)
    assert saves == [0] and not [key for key in values if key.startswith("gun.")]
