# runs on: cpython, micropython
import json

from firmware.clock import Clock
from firmware.commands import Commands
from firmware.emergency_stop import EmergencyStop
from firmware.limits import LimitsInForce

CIRCUITS = [{"id": "grid", "cap_w": 400000}, {"id": "ac-row", "cap_w": 22000}]
TOPIC = b"guangchu/v1/GC-T/command"


def new_commands():
    return Commands("GC-T", LimitsInForce(CIRCUITS), EmergencyStop(None, None, False), Clock(0))


def take(commands, message, now_ms=0):
    return commands.handle(TOPIC, message, now_ms)


def send(commands, now_ms=0, **fields):
    return take(commands, json.dumps(fields).encode(), now_ms)


def limit(commands, command_id="c1", limit_w=300000, expires_s=60, now_ms=0, circuit="grid"):
    return send(commands, now_ms, id=command_id, type="limit", circuit=circuit, limit_w=limit_w, expires_s=expires_s)


def effective_w(commands, now_ms=0):
    return commands.limits.effective_w(0, now_ms)


def test_a_limit_is_taken_and_answered_in_both_languages():
    commands = new_commands()
    ack = limit(commands)
    assert ack == {
        "id": "c1",
        "result": "accepted",
        "code": "limit_set",
        "zh": "限值已生效：grid 300.0 kW，60 秒",
        "en": "limit in force: grid 300.0 kW for 60 s",
    }
    assert effective_w(commands) == 300000 and effective_w(commands, 60_000) == 400000


def test_a_limit_above_the_contract_cap_is_refused():
    commands = new_commands()
    ack = limit(commands, limit_w=400001)
    assert ack["result"] == "refused" and ack["code"] == "would_loosen" and "400.0 kW in force" in ack["en"]
    assert commands.limits.items(0) == []


def test_a_limit_looser_than_the_one_in_force_is_refused_until_that_expires():
    commands = new_commands()
    limit(commands, "c1", 200000, 60)
    assert limit(commands, "c2", 250000, 10)["code"] == "would_loosen"
    assert limit(commands, "c3", 250000, 3600)["code"] == "would_loosen"
    assert effective_w(commands) == 200000
    assert limit(commands, "c4", 250000, 60, now_ms=60_000)["result"] == "accepted"


def test_a_repeated_id_is_answered_again_without_a_second_effect():
    commands = new_commands()
    first = limit(commands, "c1", 300000, 60, now_ms=0)
    again = limit(commands, "c1", 300000, 60, now_ms=50_000)
    assert again == first and commands.repeated == 1 and commands.accepted == 1
    assert effective_w(commands, 60_000) == 400000


def test_a_refused_id_is_answered_again_with_its_refusal():
    commands = new_commands()
    limit(commands, "c1", 200000, 60)
    first = limit(commands, "c2", 300000, 60)
    assert limit(commands, "c2", 300000, 60, now_ms=61_000) == first and first["result"] == "refused"


def test_an_id_used_for_another_limit_is_not_answered_as_if_it_had_been_set():
    commands = new_commands()
    limit(commands, "c1", 300000, 60)
    ack = limit(commands, "c1", 100000, 60)
    assert ack["result"] == "refused" and ack["code"] == "id_reused" and effective_w(commands) == 300000


def test_only_the_last_8_ids_are_remembered():
    commands = new_commands()
    for number in range(9):
        limit(commands, "c%d" % number, 300000 - number, 60)
    assert len(commands.remembered) == 8
    assert limit(commands, "c8", 299992, 60)["result"] == "accepted" and commands.repeated == 1
    assert limit(commands, "c0", 300000, 60)["code"] == "would_loosen" and commands.repeated == 1


def test_an_emergency_stop_is_always_accepted():
    for fields in ({"id": "s1"}, {}, {"id": 7}, {"id": ""}, {"id": "x" * 65}, {"id": "s1", "reason": "fire"}):
        commands = new_commands()
        fields["type"] = "emergency_stop"
        ack = take(commands, json.dumps(fields).encode())
        assert ack["result"] == "accepted" and ack["code"] == "stopped" and commands.stop.active
        assert ack["id"] == (fields["id"] if fields.get("id") == "s1" else "")


def test_an_emergency_stop_under_a_used_id_stops():
    commands = new_commands()
    limit(commands, "c1")
    assert send(commands, id="c1", type="emergency_stop")["code"] == "stopped" and commands.stop.active
    commands.stop.active = False  # released on site
    assert send(commands, id="c1", type="emergency_stop")["code"] == "stopped" and commands.stop.active


def test_an_unknown_type_is_refused_with_the_types_there_are():
    for kind in ("reboot", "", None, 5, ["limit"], {"a": 1}):
        ack = send(new_commands(), id="c1", type=kind)
        assert ack["code"] == "not_supported" and ack["id"] == "c1" and "emergency_stop" in ack["en"]
    assert send(new_commands(), id="c1")["code"] == "not_supported"


def test_an_unknown_circuit_is_refused_with_the_circuits_there_are():
    ack = limit(new_commands(), circuit="roof")
    assert ack["code"] == "unknown_circuit" and '"roof"' in ack["en"] and "grid, ac-row" in ack["zh"]
    assert limit(new_commands(), circuit=3)["code"] == "bad_field"
    assert limit(new_commands(), circuit=None)["code"] == "bad_field"


def test_every_wrong_value_is_named_with_what_is_allowed():
    wrong = (-1, 10_000_001, 1 << 70, 1.5, True, None, "300000", [1], {"w": 1})
    for value in wrong:
        commands = new_commands()
        ack = limit(commands, limit_w=value)
        assert ack["code"] == "bad_field" and "limit_w" in ack["en"] and "0..10000000 W" in ack["zh"], value
        assert effective_w(commands) == 400000
    for value in (0, -5, 86401, 2.0, False, None, "60"):
        ack = limit(new_commands(), expires_s=value)
        assert ack["code"] == "bad_field" and "expires_s" in ack["en"] and "1..86400 s" in ack["en"], value


def test_an_unknown_field_is_named():
    ack = send(new_commands(), id="c1", type="limit", circuit="grid", limit_kw=300, expires_s=60)
    assert ack["code"] == "bad_field" and '"limit_kw"' in ack["en"] and "limit_w" in ack["en"]


def test_an_improper_id_is_refused_and_not_echoed():
    for command_id in ("", "x" * 65, "a\nb", "站", 5, None, ["c"]):
        ack = limit(new_commands(), command_id)
        assert ack["code"] == "bad_id" and ack["id"] == "" and ack["result"] == "refused"
    assert limit(new_commands(), "x" * 64)["result"] == "accepted"


def test_what_is_no_json_object_is_refused():
    hostile = (b"", b"{", b"[]", b"5", b"null", b'"id"', b"\xff\xfe", b"[" * 1024, b'{"id":"\xff"}', b"\x00" * 100)
    for payload in hostile:
        ack = take(new_commands(), payload)
        assert ack["result"] == "refused" and ack["code"] == "bad_json" and ack["id"] == "", payload


def test_a_message_beyond_1024_bytes_is_refused_unread():
    commands = new_commands()
    body = json.dumps({"id": "s", "type": "emergency_stop"}).encode()
    assert take(commands, body + b" " * (1025 - len(body)))["code"] == "too_large"
    assert take(commands, None)["code"] == "too_large" and not commands.stop.active
    assert take(commands, body + b" " * (1024 - len(body)))["code"] == "stopped"


def test_an_answer_never_grows_with_the_message():
    ack = send(new_commands(), id="c1", type="x" * 900)
    assert len(ack["en"]) < 150 and len(ack["zh"]) < 150
    ack = limit(new_commands(), limit_w=int("9" * 800))
    assert len(ack["en"]) < 150


def test_a_loosening_limit_on_one_circuit_leaves_the_other_alone():
    commands = new_commands()
    assert limit(commands, "c1", 10000, 60, circuit="ac-row")["result"] == "accepted"
    assert limit(commands, "c2", 22001, 60, circuit="ac-row")["code"] == "would_loosen"
    assert limit(commands, "c3", 22001, 60, circuit="grid")["result"] == "accepted"
