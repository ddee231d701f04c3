# runs on: cpython, micropython
"""What the platform must not miss: it comes once and in order, over outages, restarts, power cuts and full flash."""

import gc
import json
import os
import sys

for folder in ("tests/firmware", __file__.rsplit("/", 1)[0]):
    if folder not in sys.path:
        sys.path.append(folder)

from scratch import Folder  # noqa: E402

from firmware.clock import Clock  # noqa: E402
from firmware.journal import ALARM, DECISION, RECORD, SAMPLE, Journal, gap_message, message  # noqa: E402

NOW_S = 1800000000


class Station:
    """A journal, the time of its station, and a platform that acknowledges when a test says so."""

    def __init__(self, folder, boot=1, pages=16):
        self.clock = Clock(0)
        self.clock.set(NOW_S, "ntp", 100, 0)
        self.now_ms = 0
        self.journal = Journal(folder.path, boot, self.clock, 0, pages)

    def add(self, kind, text, seconds=0):
        self.now_ms += 1000 * seconds
        return self.journal.add(kind, json.dumps(text).encode(), self.now_ms)

    def tend(self, seconds=0):
        self.now_ms += 1000 * seconds
        self.journal.tend(self.now_ms)

    def receive(self, most=10000):
        """The messages of a platform that acknowledges each."""
        got = []
        while len(got) < most:
            entry = self.journal.oldest()
            if entry is None:
                break
            gap = self.journal.gap_before(entry)
            if gap is not None:
                got.append(json.loads(gap_message(gap)))
                self.journal.declared(gap)
            else:
                got.append(json.loads(message(entry)))
                self.journal.acknowledged(entry)
        return got


def covered(got):
    """The numbers of one boot that messages cover, as a platform counts them."""
    seqs = []
    for each in got:
        seqs += list(range(each["seq"], each.get("to", each["seq"]) + 1))
    return seqs


def files(folder):
    try:
        return sorted(os.listdir(folder.path + "/journal"))
    except OSError:
        return []


def test_what_is_acknowledged_in_time_never_touches_flash():
    with Folder() as folder:
        station = Station(folder)
        for number in range(50):
            station.add(ALARM, number, 1)
            station.tend()
            got = station.receive()
            assert got[-1]["body"] == number and got[-1]["unix_s"] == NOW_S + number + 1
        assert files(folder) == [] and station.journal.written == 0
        assert "firmware.journal_pages" not in sys.modules


def test_the_first_message_of_a_boot_says_so():
    with Folder() as folder:
        got = Station(folder, boot=7).receive()
        assert got == [{"boot": 7, "seq": 1, "unix_s": NOW_S, "at_ms": 0, "kind": "start", "body": {"boot": 7}}]


def test_an_alarm_goes_to_flash_after_five_seconds_and_a_sample_only_with_it():
    with Folder() as folder:
        station = Station(folder)
        station.receive()
        station.add(SAMPLE, 1)
        station.tend(60)
        assert files(folder) == []
        station.add(ALARM, 2)
        station.tend(5)
        assert files(folder) == []
        station.tend(1)
        assert files(folder) == ["k1", "sent", "t1"] and station.journal.waiting == []
        assert [each["body"] for each in station.receive()] == [1, 2]
        assert station.journal.wants_flash(station.now_ms)  # what is delivered is deleted where files are written
        station.tend()
        assert files(folder) == ["sent"] and not station.journal.wants_flash(station.now_ms)


def test_an_outage_is_caught_up_in_order_with_the_times_of_then():
    with Folder() as folder:
        station = Station(folder)
        station.receive()
        for number in range(200):
            station.add((SAMPLE, RECORD, ALARM, DECISION)[number % 4], {"n": number}, 10)
            station.tend()
        got = station.receive()
        assert [each["body"]["n"] for each in got] == list(range(200))
        assert [each["seq"] for each in got] == list(range(2, 202))
        assert [each["unix_s"] for each in got] == [NOW_S + 10 * (n + 1) for n in range(200)]
        station.tend()
        assert station.journal.written >= 190 and files(folder) == ["sent"]


def test_new_entries_queue_behind_those_on_flash():
    with Folder() as folder:
        station = Station(folder)
        for number in range(20):
            station.add(ALARM, number, 1)
        station.tend(6)
        assert len(station.receive(5)) == 5
        station.add(ALARM, "new", 1)
        station.tend()
        station.tend(10)
        got = station.receive()
        assert [each["seq"] for each in got] == list(range(6, 23)) and got[-1]["body"] == "new"


def test_an_acknowledgement_that_comes_after_the_entry_went_to_flash_counts():
    with Folder() as folder:
        station = Station(folder)
        station.receive()
        station.add(ALARM, "a")
        entry = station.journal.oldest()
        station.add(ALARM, "b")
        station.tend(10)
        assert station.journal.waiting == []
        station.journal.acknowledged(entry)
        assert [each["body"] for each in station.receive()] == ["b"]


def test_after_a_restart_what_was_not_acknowledged_comes_before_the_new_start():
    with Folder() as folder:
        first = Station(folder, boot=3)
        first.receive()
        for number in range(30):
            first.add(ALARM, number, 1)
        first.tend(6)
        assert len(first.receive(10)) == 10
        again = Station(folder, boot=4)
        got = again.receive()
        old = [each for each in got if each["boot"] == 3]
        assert got[-1]["boot"] == 4 and got[-1]["kind"] == "start" and got[: len(old)] == old
        # the ten were acknowledged, but nothing was written since: they may come again, with the same numbers
        assert covered(old)[-1] == 31 and covered(old) == list(range(covered(old)[0], 32)) and covered(old)[0] <= 12


def test_samples_give_way_to_alarms_and_records_and_the_loss_is_declared():
    with Folder() as folder:
        station = Station(folder, pages=4)
        station.receive()
        for number in range(400):
            station.add(SAMPLE, "s" * 100, 60)
            if number % 40 == 0:
                station.add(ALARM, {"alarm": number})
            station.tend()
        assert len(files(folder)) <= 5
        got = station.receive()
        assert [each["body"]["alarm"] for each in got if each["kind"] == "alarm"] == list(range(0, 400, 40))
        gaps = [each for each in got if each["kind"] == "gap"]
        assert gaps and covered(got) == list(range(2, 412))
        assert station.journal.lost == sum([gap["to"] - gap["seq"] + 1 for gap in gaps])


def test_samples_have_the_room_that_alarms_leave_and_give_it_back():
    with Folder() as folder:
        station = Station(folder, pages=5)
        station.receive()
        for _ in range(180):
            station.add(SAMPLE, "s" * 100, 60)
            station.tend()
        assert len([name for name in files(folder) if name[0] == "t"]) == 5
        for number in range(45):
            station.add(ALARM, "%03d" % number * 80, 60)
            station.tend(6)
        assert len(files(folder)) == 6  # and `sent`
        got = station.receive()
        assert len([each for each in got if each["kind"] == "alarm"]) == 45 and covered(got) == list(range(2, 227))


def test_when_even_alarms_find_no_room_the_oldest_go_and_the_loss_is_declared():
    with Folder() as folder:
        station = Station(folder, pages=4)
        station.receive()
        for _ in range(250):
            station.add(ALARM, "a" * 100, 10)
            station.tend()
        got = station.receive()
        assert got[0]["kind"] == "gap" and covered(got) == list(range(2, 252)) and got[-1]["seq"] == 251
        kept = len([each for each in got if each["kind"] == "alarm"])
        assert 250 - station.journal.lost == kept and kept >= 30


def test_a_gap_that_happened_before_a_restart_is_still_declared_after_it():
    with Folder() as folder:
        station = Station(folder, boot=1, pages=4)
        station.receive()
        for _ in range(400):
            station.add(SAMPLE, "s" * 100, 60)
            station.tend()
        station.add(ALARM, "last")
        station.tend(6)
        got = Station(folder, boot=2, pages=4).receive()
        old = [each for each in got if each["boot"] == 1]
        assert old[0]["kind"] == "gap" and covered(old) == list(range(2, 403))


def test_a_power_cut_at_any_byte_keeps_what_was_whole_and_takes_new_entries():
    with Folder() as folder:
        first = Station(folder, boot=1)
        first.receive()
        for number in range(4):
            first.add(ALARM, number)
        first.tend(6)
        with open(folder.path + "/journal/k1", "rb") as file:
            whole = file.read()
        size = len(whole) // 4
        assert size * 4 == len(whole)
        for cut in range(len(whole) + 1):
            with open(folder.path + "/journal/k1", "wb") as file:
                file.write(whole[:cut])
            second = Station(folder, boot=2)
            second.add(ALARM, "later")
            second.tend(6)
            third = Station(folder, boot=3)
            got = third.receive()
            third.tend()
            assert [each["body"] for each in got if each["boot"] == 1] == list(range(cut // size)), cut
            assert [each["kind"] for each in got if each["boot"] == 2] == ["start", "alarm"], cut
            assert got[-1]["boot"] == 3 and not [name for name in files(folder) if name != "sent"]


def test_a_flipped_bit_costs_the_rest_of_that_file_and_is_declared():
    with Folder() as folder:
        station = Station(folder)
        station.receive()
        for _ in range(60):
            station.add(ALARM, "a" * 100)
        station.tend(6)
        assert "k2" in files(folder)
        with open(folder.path + "/journal/k1", "r+b") as file:
            file.seek(1000)
            byte = file.read(1)
            file.seek(1000)
            file.write(bytes([byte[0] ^ 1]))
        got = station.receive()
        assert station.journal.damaged == 1 and covered(got) == list(range(2, 62))
        assert len([each for each in got if each["kind"] == "gap"]) == 1


def test_what_waits_goes_to_flash_without_a_copy_of_it():
    """An outage that fills the journal is when a board has no memory for one."""
    if not hasattr(gc, "mem_alloc"):
        return  # CPython does not count
    from firmware.journal_write import write

    with Folder() as folder:
        station = Station(folder)
        write(station.journal)
        for _ in range(7):
            station.add(ALARM, "a" * 250)
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        write(station.journal)
        taken = gc.mem_alloc() - before
        gc.enable()
        assert station.journal.written == 8 and not station.journal.waiting
        assert taken < 4000, taken


def test_flash_that_refuses_leaves_a_bounded_memory():
    with Folder() as folder:
        station = Station(folder)
        station.receive()
        station.journal.folder = folder.path + "/no/such"
        for number in range(200):
            station.add(ALARM if number % 10 == 0 else SAMPLE, "x" * 90, 1)
            station.tend()
        assert sum([len(each.body) for each in station.journal.waiting]) <= 2048 + 92
        got = station.receive()
        assert covered(got) == list(range(2, 202)) and station.journal.lost > 150
        assert len([each for each in got if each["kind"] == "alarm"]) == 20


def test_a_time_that_is_not_known_is_not_told():
    with Folder() as folder:
        station = Station(folder)
        station.clock.source = ""
        station.add(ALARM, 1)
        assert [each["unix_s"] for each in station.receive()] == [NOW_S, None]


def test_nonsense_in_the_folder_is_passed_over():
    with Folder() as folder:
        os.mkdir(folder.path + "/journal")
        for name in ("k", "kx", "t9x", "other", "k3", "sent"):
            with open(folder.path + "/journal/" + name, "wb") as file:
                file.write(b"\xff" * 50)
        station = Station(folder)
        station.add(ALARM, 1)
        station.tend(6)
        assert [each["kind"] for each in station.receive()] == ["start", "alarm"]


def test_a_day_without_a_broker_loses_no_alarm_and_no_record():
    with Folder() as folder:
        station = Station(folder, pages=20)  # what an RP2040 gives it beside the firmware
        station.receive()
        sample = {"grid_w": 391000, "pv_w": [128000], "storage_w": [-40000], "gun_w": [60000] * 8}
        record = {"start_unix_s": NOW_S, "energy_wh": {"gun%d" % gun: [15000, 0, 900] for gun in range(12)}}
        largest = 0
        for minute in range(1, 1441):
            station.add(SAMPLE, sample, 60)
            if minute % 15 == 0:
                station.add(RECORD, record)
            if minute % 120 == 0:
                station.add(ALARM, {"alarm": minute})
            station.tend()
            if minute % 60 == 0:
                sizes = [os.stat(folder.path + "/journal/" + name)[6] for name in files(folder)]
                largest = max(largest, sum(sizes))
        counts, expected = {}, 2
        while expected < 1440 + 96 + 12 + 2:
            each = station.receive(1)[0]
            assert each["seq"] == expected
            expected = each.get("to", expected) + 1
            counts[each["kind"]] = counts.get(each["kind"], 0) + 1
        assert counts["record"] == 96 and counts["alarm"] == 12 and counts["sample"] > 100
        assert station.receive() == [] and largest <= 20 * 4096 + 100
