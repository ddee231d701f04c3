# runs on: cpython, micropython
"""What goes out when, over a client that keeps what is sent. Over a real broker: hil_tests/test_platform.py."""

import asyncio
import json
import sys

for folder in ("tests/firmware", __file__.rsplit("/", 1)[0]):
    if folder not in sys.path:
        sys.path.append(folder)

from northbound_station import KEYS, Talking  # noqa: E402
from scratch import Folder  # noqa: E402

from control import reasons  # noqa: E402
from drivers.ticks import ticks_add, ticks_ms  # noqa: E402
from firmware import journal, signing  # noqa: E402
from firmware.reports import capability  # noqa: E402

STOP = b'{"type":"emergency_stop"}'
TOPIC = b"guangchu/v1/GC-T/command"


def seconds(talking, count, start_ms=None):
    """Let `count` seconds pass, and one second's work be done in each."""
    start_ms = ticks_ms() if start_ms is None else start_ms
    for second in range(count):
        talking.north._each_second(ticks_add(start_ms, 1000 * second))


def drained(talking):
    """[(kind, body)] of what the journal holds."""
    found = []
    while talking.journal.oldest() is not None:
        entry = talking.journal.oldest()
        talking.journal.acknowledged(entry)
        found.append((journal.KINDS[entry.kind], json.loads(entry.body)))
    return found


def test_the_state_is_told_when_it_changes_and_only_then():
    with Folder() as folder:
        talking = Talking(folder)
        talking.north._birth_due = False
        seconds(talking, 3)
        told = [json.loads(each) for each in talking.broker.of("state")]
        assert len(told) == 1 and told[0]["seq"] == 1 and told[0]["commands"]["signed"] is True
        assert told[0]["guns"] == [{"id": "gun1", "state": "charging"}, {"id": "gun2", "state": "charging"}]
        talking.order(STOP)
        seconds(talking, 2)
        told = [json.loads(each) for each in talking.broker.of("state")]
        assert len(told) == 1 and told[0]["seq"] == 2
        assert told[0]["commands"]["refused"] == {"unsigned": 1} and told[0]["estop"] is False


def test_an_answer_carries_the_time_of_the_station():
    with Folder() as folder:
        talking = Talking(folder)
        talking.clock.set(1800000000, "ntp", 10, ticks_ms())
        talking.order(STOP)
        answer = json.loads(talking.broker.of("ack")[0])
        assert answer["code"] == "unsigned" and answer["unix_s"] == 1800000000 and answer["at_ms"] >= 0


def test_commands_are_carried_out_in_their_order_a_stop_first_and_too_many_are_sent_back():
    with Folder() as folder:
        talking = Talking(folder, keys={})
        for number in range(6):
            message = b'{"id":"c%d","type":"limit","circuit":"grid","limit_w":%d,"expires_s":60}'
            talking.broker.receive(b"guangchu/v1/GC-T/command", message % (number, 300000 - number))
        assert [json.loads(each)["code"] for each in talking.broker.of("ack")] == ["busy", "busy"]
        talking.order(STOP)
        answers = [json.loads(each) for each in talking.broker.of("ack")]
        assert [each["code"] for each in answers] == ["stopped"] + ["limit_set"] * 4
        assert [each["id"] for each in answers[1:]] == ["c0", "c1", "c2", "c3"]
        assert talking.rig.stop.active and talking.rig.limits.effective_w(0, ticks_ms()) == 299997


def test_an_alarm_goes_out_at_once_and_into_the_journal():
    with Folder() as folder:
        talking = Talking(folder)
        talking.rig.alarms.update("gun_deaf", "gun2", True, 1000, 20000)
        talking.north._tell_alarms(ticks_ms())
        assert json.loads(talking.broker.of("alarm")[0])["code"] == "gun_deaf"
        talking.broker.connected = False
        talking.rig.alarms.update("gun_deaf", "gun2", False, 2000)
        talking.north._tell_alarms(ticks_ms())
        kept = drained(talking)
        assert talking.broker.of("alarm") == [] and [each[0] for each in kept] == ["start", "alarm", "alarm"]
        body = kept[2][1]
        assert body["active"] is False and body["id"] == "4-1" and body["seq"] == 2 and body["at_ms"] == 2000


def test_samples_come_every_minute_and_decisions_when_control_decides_otherwise():
    with Folder() as folder:
        talking = Talking(folder)
        talking.clock.source = ""  # else a quarter of an hour may end just now, with a record
        talking.broker.connected = False
        seconds(talking, 59)
        assert [each[0] for each in drained(talking)] == ["start", "decision"]  # what was decided before the first look
        talking.rig.station.reason[1] = reasons.DEAF
        seconds(talking, 6)
        (first, sample), (second, decision) = drained(talking)
        assert (first, second) == ("sample", "decision")
        assert sample["gun_w"] == [149000, -3000] and sample["soc_permille"] == [600]
        assert [each["reason"] for each in decision["guns"]] == ["deaf"] and len(decision["guns"][0]["args"]) == 1


def test_the_capability_is_what_guns_and_storage_can_give_and_take():
    with Folder() as folder:
        talking = Talking(folder)
        station = talking.rig.station
        station.reason[0] = reasons.CAP_BINDS
        station.inputs.charge_max_w, station.inputs.discharge_max_w = 100000, 150000
        station.inputs.soc_permille = 600
        made = capability(talking.rig.seen, talking.commands)
        # gun1 draws 149 kW of 5..480 kW; gun2 gives 3 kW; the storage gives 40 kW; 391 kW of 400 kW less 2 % headroom
        assert made["guns_down_w"] == 144000 and made["guns_pause_w"] == 149000 and made["guns_up_w"] == 331000
        assert made["storage_down_w"] == 110000 and made["storage_up_w"] == 140000
        assert made["down_w"] == 254000 and made["up_w"] == 1000 and made["import_w"] == 391000
        station.inputs.soc_permille = 150
        assert capability(talking.rig.seen, talking.commands)["storage_down_w"] == 0


def test_the_capability_names_the_commands_that_would_be_carried_out():
    with Folder() as folder:
        talking = Talking(folder)
        named = capability(talking.rig.seen, talking.commands)["commands"]
        assert sorted(named) == ["config", "dispatch", "emergency_stop", "gun", "limit", "maintenance", "time"]
        talking.rig.station.has_storage = False
        assert "dispatch" not in capability(talking.rig.seen, talking.commands)["commands"]
        unsigned = Talking(folder, keys={})
        assert capability(unsigned.rig.seen, unsigned.commands)["commands"] == ["limit", "emergency_stop"]


def test_a_restart_waits_for_its_answer_and_for_the_commands_that_came_before():
    with Folder() as folder:
        talking = Talking(folder)
        talking.clock.set(1800000000, "ntp", 10, ticks_ms())
        talking.broker.sent = []
        for number, fields in ((1, {"action": "out_of_service", "gun": "gun2"}), (2, {"action": "restart"})):
            command = {"id": "c%d" % number, "type": "maintenance", "station": "GC-T", "authority": "service"}
            command.update({"issued": 1800000000, "expires": 1800000060, "counter": number})
            command.update(fields)
            body = json.dumps(command).encode()[:-1]
            message = body + b',"mac":"' + signing.mac(KEYS["service"], TOPIC, body) + b'"}'
            talking.broker.receive(TOPIC, message)
        talking.broker.receive(TOPIC, STOP)
        assert not talking.running.is_to_start_anew
        talking.order(b"[]")
        kinds = [each[0].rsplit("/", 1)[1] for each in talking.broker.sent]
        assert kinds == ["ack"] * 4 + ["status"], kinds
        answers = [json.loads(each)["code"] for each in talking.broker.of("ack")]
        assert answers == ["unsigned", "gun_out", "restarting", "unsigned"]
        assert json.loads(talking.broker.of("status")[0]) == {"online": False}
        assert talking.running.is_to_start_anew and not talking.broker.connected
        try:
            asyncio.run(talking.running.supervisor.run())
        except KeyboardInterrupt:
            return
        raise AssertionError("the program goes on")


def test_a_command_changes_how_often_telemetry_comes():
    with Folder() as folder:
        talking = Talking(folder)
        for period_ms, telemetry in ((None, 10), (2000, 5), (5000, 2)):
            talking.commands.telemetry_ms = period_ms
            start_ms = ticks_ms()
            talking.north._told_ms = start_ms
            talking.north._sign = talking.rig.seen.sign()
            talking.broker.of("telemetry")
            for turn in range(1, 201):
                talking.north._turn(ticks_add(start_ms, 50 * turn))
            assert len(talking.broker.of("telemetry")) == telemetry, period_ms


def test_the_birth_comes_again_until_it_is_out():
    with Folder() as folder:
        talking = Talking(folder)
        talking.north._on_connect()
        assert json.loads(talking.broker.of("status")[1]) == {"online": True}  # the first is the will
        try:
            asyncio.run(talking.north._send_next())  # there is no checked station in this folder
        except OSError:
            pass
        assert talking.north._birth_due is True and talking.broker.of("birth") == []


def test_messages_that_found_no_memory_are_an_alarm_for_a_minute():
    with Folder() as folder:
        talking = Talking(folder)
        alarms = talking.rig.alarms
        seconds(talking, 59)
        talking.north.memory_errors += 2
        assert not alarms.is_active("memory_short", "GC-T")
        seconds(talking, 1)
        found = [each for each in alarms.active() if each["code"] == "memory_short"]
        assert len(found) == 1 and " 2 " in found[0]["zh"] and " 2 " in found[0]["en"]
        seconds(talking, 60)
        assert not alarms.is_active("memory_short", "GC-T")


def test_a_page_that_cannot_grow_tells_fewer_alarms_until_the_message_fits():
    with Folder() as folder:
        talking = Talking(folder)
        north, page = talking.north, talking.north._page
        for number in range(20):
            talking.rig.alarms.update("gun_deaf", "gun%d" % number, True, 1000, 20000)

        def full(more):
            raise MemoryError

        page.grow = full
        told = []
        for _ in range(6):
            try:
                north._tell_telemetry(ticks_ms())
            except MemoryError:
                pass
            told += talking.broker.of("telemetry")
        assert told and 0 < len(json.loads(told[-1])["alarms"]) < 20
        talking.broker.connect()
        assert north._seen.most_alarms >= 20
