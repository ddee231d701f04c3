# runs on: cpython, micropython
"""Signed commands: who may do what, when, and once only; also over a restart."""

import sys

for folder in ("tests/firmware", __file__.rsplit("/", 1)[0]):
    if folder not in sys.path:
        sys.path.append(folder)

from scratch import Folder  # noqa: E402
from signed_site import KEYS, NOW_S, Site  # noqa: E402


def test_a_signed_limit_is_in_force_from_when_it_was_ordered():
    with Folder() as folder:
        site = Site(folder)
        ack = site.limit(300000, 600, issued=NOW_S - 50)
        assert ack["result"] == "accepted" and ack["code"] == "limit_set" and "550" in ack["en"]
        assert site.effective_w(549_999) == 300000 and site.limits.source(0, 549_999) == "operator"
        assert site.effective_w(550_000) == 400000


def test_an_authority_may_loosen_and_withdraw_what_it_ordered_but_not_what_others_did():
    with Folder() as folder:
        site = Site(folder)
        site.limit(200000, authority="grid")
        assert site.limit(100000)["code"] == "limit_set" and site.effective_w() == 100000
        assert site.limit(350000)["code"] == "limit_set" and site.effective_w() == 200000
        ack = site.limit(None, expires_s="absent", authority="grid")
        assert ack["result"] == "done" and ack["code"] == "limit_withdrawn" and site.effective_w() == 350000


def test_no_authority_gets_above_the_contract():
    with Folder() as folder:
        site = Site(folder)
        assert site.limit(400001)["code"] == "would_loosen" and site.effective_w() == 400000


def test_without_a_valid_signature_nothing_is_read():
    with Folder() as folder:
        site = Site(folder)
        wrong = site.message(circuit="grid", limit_w=1, expires_s=600, key=b"x" * 32)
        assert site.take(wrong) == {
            "id": "", "result": "refused", "code": "bad_mac", "zh": "签名不正确", "en": "signature is wrong"
        }
        other = site.message(circuit="grid", limit_w=1, expires_s=600, topic=b"guangchu/v1/GC-U/command")
        assert site.take(other)["code"] == "bad_mac"
        bare = b'{"id":"a","type":"limit","circuit":"grid","limit_w":1,"expires_s":60}'
        assert site.take(bare)["code"] == "unsigned" and site.take(b"[" * 900)["code"] == "unsigned"
        assert site.take(b'{"type":"emergency_stop"}')["code"] == "unsigned" and not site.stop.active
        assert site.effective_w() == 400000
        assert site.commands.refusals == {"bad_mac": 2, "unsigned": 3} and site.commands.refused == 5


def test_the_key_of_one_authority_does_not_sign_for_another():
    with Folder() as folder:
        site = Site(folder)
        forged = site.message("grid", circuit="grid", limit_w=1, expires_s=600, key=KEYS["operator"])
        assert site.take(forged)["code"] == "bad_mac" and site.effective_w() == 400000


def test_unsigned_limits_and_stops_are_taken_where_the_station_file_says_so():
    with Folder() as folder:
        site = Site(folder, unsigned=True)
        bare = b'{"id":"a","type":"limit","circuit":"grid","limit_w":300000,"expires_s":60}'
        assert site.take(bare)["code"] == "limit_set" and site.limits.source(0, 0) == "mqtt"
        assert site.limit(350000)["code"] == "limit_set" and site.effective_w() == 300000
        assert site.take(bare.replace(b'"a"', b'"b"').replace(b"300000", b"null"))["code"] == "bad_field"
        assert site.take(b'{"type":"emergency_stop"}')["code"] == "stopped" and site.stop.active
        assert Site(folder, held={}).take(bare)["code"] == "limit_set"
        assert Site(folder, held={}, unsigned=False).take(bare)["code"] == "unsigned"


def test_rights_differ_by_authority():
    with Folder() as folder:
        site = Site(folder)
        assert site.limit(300000, authority="service")["code"] == "no_right"
        for authority, kind, code in (
            ("grid", "tariff", "no_right"), ("grid", "config", "no_right"), ("grid", "gun", "no_right"),
            ("service", "dispatch", "no_right"), ("operator", "maintenance", "no_right"),
            ("service", "v2g", "no_right"),
            ("operator", "dispatch", "bad_field"), ("grid", "dispatch", "bad_field"),
            ("operator", "tariff", "not_supported"), ("operator", "gun", "bad_field"), ("service", "gun", "bad_field"),
            ("operator", "v2g", "not_supported"), ("service", "config", "bad_field"),
            ("service", "maintenance", "bad_field"), ("operator", "reboot", "unknown_type"),
        ):
            ack = site.send(authority, kind)
            assert (ack["code"], ack["result"]) == (code, "refused"), (authority, kind, ack)


def test_each_authority_can_stop_and_the_stop_latches():
    for authority in KEYS:
        with Folder() as folder:
            site = Site(folder)
            ack = site.send(authority, "emergency_stop", reason="fire")
            assert ack["code"] == "stopped" and site.stop.active and site.stop.source == "command"


def test_a_command_for_another_station_uses_up_no_counter():
    with Folder() as folder:
        site = Site(folder)
        assert site.limit(1, station="GC-U", counter=900)["code"] == "wrong_station"
        assert site.limit(300000, counter=1)["code"] == "limit_set"


def test_what_comes_late_or_early_is_refused():
    with Folder() as folder:
        site = Site(folder)
        assert site.limit(1, issued=NOW_S + 61, expires=NOW_S + 99)["code"] == "future"
        assert site.limit(300000, issued=NOW_S + 59, expires=NOW_S + 99)["code"] == "limit_set"
        assert site.limit(250000, 30, issued=NOW_S - 30)["code"] == "expired" and site.effective_w() == 300000
        ack = site.limit(1, now_ms=60_000)
        assert ack["code"] == "expired" and "0 s" in ack["en"]
        assert site.send(kind="emergency_stop", now_ms=60_000)["code"] == "expired" and not site.stop.active
        early = site.send(kind="emergency_stop", now_ms=60_000, issued=NOW_S + 900, expires=NOW_S + 960)
        assert early["code"] == "stopped"


def test_a_command_that_comes_again_gets_the_same_answer_and_has_no_second_effect():
    with Folder() as folder:
        site = Site(folder)
        order = site.message(circuit="grid", limit_w=200000, expires_s=600)
        first = site.take(order)
        site.limit(None, expires_s="absent")
        assert site.take(order) == first and site.effective_w() == 400000
        assert site.take(order, 90_000) == first  # it would have expired by now
        assert site.commands.repeated == 2 and site.commands.accepted == 2


def test_an_old_counter_is_a_replay_whatever_else_is_new():
    with Folder() as folder:
        site = Site(folder)
        site.limit(300000, counter=50)
        for counter in (50, 49, 1):
            ack = site.limit(200000, counter=counter)
            assert ack["code"] == "replayed" and "50" in ack["en"]
        assert site.limit(290000, authority="grid", counter=3)["code"] == "limit_set"  # each has its own
        assert site.effective_w() == 290000


def test_a_refused_command_cannot_be_played_again_when_it_would_fit():
    with Folder() as folder:
        site = Site(folder, now_s=None)
        site.limit(200000, authority="grid")
        order = site.message("grid", circuit="grid", limit_w=300000, expires_s=600)
        first = site.take(order)
        assert first["code"] == "would_loosen"
        site.clock.set(NOW_S, "ntp", 50, 0)
        assert site.take(order) == first and site.effective_w() == 200000


def test_counters_answers_and_limits_outlive_a_restart():
    with Folder() as folder:
        site = Site(folder)
        order = site.message(circuit="grid", limit_w=200000, expires_s=600)
        first = site.take(order)
        site.limit(15000, 300, circuit="ac-row", authority="grid")
        again = Site(folder, NOW_S + 100)
        assert again.take(order) == first and again.commands.repeated == 1
        assert again.limit(100000, counter=1)["code"] == "replayed"
        assert again.effective_w(499_000) == 200000 and again.effective_w(500_000) == 400000
        assert again.limits.effective_w(1, 199_000) == 15000 and again.limits.effective_w(1, 200_000) == 22000
        assert Site(folder, NOW_S + 601).effective_w() == 400000


def test_without_a_clock_a_restored_limit_lasts_as_long_as_when_it_was_saved():
    with Folder() as folder:
        Site(folder).limit(200000, 600)
        again = Site(folder, None)
        assert again.effective_w(599_000) == 200000 and again.effective_w(600_000) == 400000


def test_a_withdrawn_limit_does_not_come_back_with_a_restart():
    with Folder() as folder:
        site = Site(folder)
        site.limit(200000)
        site.limit(None, expires_s="absent")
        assert Site(folder).effective_w() == 400000


def test_an_unsigned_limit_is_not_written_to_flash():
    with Folder() as folder:
        site = Site(folder, unsigned=True)
        site.take(b'{"id":"a","type":"limit","circuit":"grid","limit_w":300000,"expires_s":60}')
        site.limit(350000)
        assert Site(folder).effective_w() == 350000


def test_without_a_clock_only_what_tightens_and_the_stop_are_taken():
    with Folder() as folder:
        site = Site(folder, None)
        assert site.limit(300000, issued=5, expires=6)["code"] == "limit_set"
        assert site.limit(350000)["code"] == "would_loosen"
        assert site.limit(None, expires_s="absent")["code"] == "bad_field"
        assert site.limit(250000, 60)["code"] == "limit_set" and site.effective_w(61_000) == 300000
        assert site.send(kind="emergency_stop")["code"] == "stopped"
        assert site.limit(200000, counter=2)["code"] == "replayed"


def test_the_clock_is_set_only_by_the_answer_to_an_open_question():
    with Folder() as folder:
        site = Site(folder, None)
        assert site.send(kind="time", asked="7-1")["code"] == "not_asked"
        site.clock.asked, site.clock.asked_ms = "7-2", 1000
        assert site.send(kind="time", asked="7-1", now_ms=1500)["code"] == "not_asked"
        assert site.send(kind="time", asked="7-2", now_ms=22_000)["code"] == "not_asked"
        ack = site.send(kind="time", asked="7-2", now_ms=1500)
        assert (ack["result"], ack["code"]) == ("done", "time_set")
        assert site.clock.now_s(3500) == NOW_S + 2 and site.clock.source == "platform"
        assert site.clock.error_ms(1500) == 1500
        assert site.send(kind="time", asked="7-2", now_ms=1600)["code"] == "not_asked"


def test_every_wrong_field_is_named():
    with Folder() as folder:
        site = Site(folder)
        for field, value in (
            ("type", 5), ("station", None), ("authority", 7), ("issued", "now"), ("issued", -1), ("issued", 1.5),
            ("expires", True), ("expires", NOW_S), ("counter", 0), ("counter", 1 << 53), ("counter", "absent"),
            ("limit_w", -1), ("limit_w", "1"), ("expires_s", 86401), ("circuit", 5), ("extra", 1),
        ):
            fields = {"circuit": "grid", "limit_w": 1, "expires_s": 60}
            fields[field] = value
            message = site.message("operator", fields.pop("type", "limit"), key=KEYS["operator"], change=fields)
            ack = site.take(message)
            assert ack["code"] == "bad_field" and field in ack["en"], (field, value, ack)
        assert site.effective_w() == 400000
        assert site.limit(1, id="")["code"] == "bad_id" and site.limit(1, circuit="roof")["code"] == "unknown_circuit"


def test_a_station_whose_flash_refuses_stops_but_takes_no_limit():
    with Folder() as folder:
        site = Site(folder)
        site.commands.path = folder.path + "/no-such-folder/commands"
        assert site.limit(200000)["code"] == "not_saved" and site.effective_w() == 400000
        assert site.send(kind="emergency_stop")["code"] == "stopped" and site.stop.active


def test_a_damaged_memory_is_an_empty_one():
    for damage in (b"", b"nonsense", b"\xff" * 300):
        with Folder() as folder:
            Site(folder).limit(200000)
            folder.write("commands", damage)
            site = Site(folder)
            assert site.effective_w() == 400000 and site.limit(300000)["code"] == "limit_set"


def test_the_code_of_commands_is_forgotten_when_none_has_come_for_a_while():
    with Folder() as folder:
        site = Site(folder)
        site.limit(300000)
        site.commands.rest(2000)
        assert "firmware.command_check" in sys.modules
        site.commands.rest(2001)
        for name in ("command_check", "command_types", "command_memory"):
            assert "firmware." + name not in sys.modules
        assert site.limit(200000, now_ms=11_000)["code"] == "limit_set" and site.effective_w(11_000) == 200000
