# runs on: cpython, micropython
import asyncio
import json
import sys

for folder in ("tests/firmware", __file__.rsplit("/", 1)[0]):
    if folder not in sys.path:
        sys.path.append(folder)

from telemetry_station import CONFIG, Rig, charging_rig  # noqa: E402

from control import reasons  # noqa: E402
from firmware.birth import birth  # noqa: E402
from firmware.command_steps import tighten  # noqa: E402
from firmware.mqtt.page import Page  # noqa: E402
from firmware.telemetry import status, to_json, topic  # noqa: E402


def message(rig, now_ms=1000):
    """The next message as it goes out, through the page that it is written in."""
    rig.seen.seq += 1
    packet = bytes(Page(4000).write("t", rig.seen.pieces(now_ms, 1800000000)).packet)
    return json.loads(packet[packet.find(b"{") :])


def test_a_station_that_has_read_nothing_shows_nothing_as_a_number():
    made = message(Rig())
    assert made["grid"] == {"w": None, "age_ms": None, "quality": "absent"}
    assert made["pv"] == [{"id": "pv1", "w": None, "quality": "absent"}] and made["base_w"] is None
    gun = made["guns"][0]
    for key in ("state", "grant_w", "held_w", "power_w", "energy_wh", "soc_permille"):
        assert gun[key] is None, key
    assert made["storage"][0]["w"] is None and made["storage"][0]["soc_permille"] is None


def test_what_was_read_is_shown_with_its_sign_age_and_quality():
    made = message(charging_rig())
    assert made["grid"] == {"w": 391000, "age_ms": 100, "quality": "good"}
    assert made["pv"][0] == {"id": "pv1", "w": 128000, "quality": "good"}
    storage = made["storage"][0]
    assert (storage["w"], storage["setpoint_w"], storage["soc_permille"]) == (-40000, -41000, 600)
    gun = made["guns"][0]
    assert gun["id"] == "gun1" and gun["state"] == "charging" and gun["held_w"] == 150000
    assert (gun["power_w"], gun["energy_wh"], gun["soc_permille"]) == (149000, 5120, 431)
    assert made["guns"][1]["power_w"] == -3000 and made["guns"][1]["soc_permille"] is None
    assert made["cap"] == {"w": 400000, "circuit": "grid", "source": "contract"}
    assert made["cycle"]["late_p99_ms"] == 2 and made["cycle"]["missed"] == 1


def test_a_reason_is_the_one_that_control_gave_with_its_numbers():
    rig = charging_rig()
    station = rig.station
    station.reason[0], station.reason_a[0], station.reason_b[0] = reasons.CAP_BINDS, 1, 290000
    station.grant_w[0] = 151000
    station.reason[1] = reasons.DISOBEDIENT
    station.inputs.gun_w[1], station.inputs.gun_upper_w[1] = 40000, 20000
    guns = message(rig)["guns"]
    assert guns[0]["reason"]["code"] == "cap_binds"
    assert guns[0]["reason"]["en"] == "hall cap is shared: 151.0 kW of 290.0 kW"
    assert guns[1]["reason"]["en"] == "gun disobeys: draws 40.0 kW, limit 20.0 kW"


def test_every_reason_of_control_can_be_told_with_no_number_missing():
    for code in range(len(reasons.GUN_REASONS)):
        rig = charging_rig()
        rig.station.reason[0], rig.station.reason_a[0], rig.station.reason_b[0] = code, 0, 1000
        told = message(rig)["guns"][0]["reason"]
        assert told["code"] == reasons.GUN_REASONS[code] and "?" not in told["en"] + told["zh"], told
    for code in range(len(reasons.STORAGE_REASONS)):
        rig = charging_rig()
        rig.station.storage_reason = code
        told = message(rig)["storage"][0]["reason"]
        assert told["code"] == reasons.STORAGE_REASONS[code] and "?" not in told["en"] + told["zh"], told


def test_limits_and_alarms_that_stand_are_shown_until_they_end():
    rig = charging_rig()
    tighten(rig.limits, 0, 0, 300000, 60, 1000)
    rig.alarms.update("gun_deaf", "gun2", True, 1000, 20000)
    rig.stop.active = True
    made = message(rig, 6000)
    assert made["limits"] == [{"source": "mqtt", "circuit": "grid", "w": 300000, "expires_s": 55}]
    assert made["cap"]["source"] == "mqtt" and made["estop"] is True
    assert made["alarms"][0]["code"] == "gun_deaf" and made["alarms"][0]["device"] == "gun2"
    rig.alarms.update("gun_deaf", "gun2", False, 61_000)
    made = message(rig, 61_001)
    assert made["limits"] == [] and made["alarms"] == []


def test_messages_are_counted_and_uptime_goes_on_when_ticks_wrap():
    rig = Rig()
    rig.seen._at_ms = (1 << 30) - 400
    first = message(rig, (1 << 30) - 100)
    # CPython's ticks wrap where a board's do; the unix port's much later
    second = message(rig, 600 if sys.implementation.name != "micropython" else (1 << 30) + 600)
    assert first["seq"] == 1 and second["seq"] == 2 and second["unix_s"] == 1800000000
    assert (first["uptime_ms"], second["uptime_ms"]) == (300, 1000)


def test_the_sign_changes_with_whatever_somebody_would_want_to_know_at_once():
    rig = charging_rig()
    signs = [rig.seen.sign()]
    rig.station.reason[1] = reasons.DEAF
    signs.append(rig.seen.sign())
    rig.station.reason[0] = reasons.DEAF
    signs.append(rig.seen.sign())
    rig.station.ladder += 1
    signs.append(rig.seen.sign())
    rig.stop.active = True
    signs.append(rig.seen.sign())
    rig.alarms.update("gun_deaf", "gun2", True, 1000, 20000)
    signs.append(rig.seen.sign())
    assert len(set(signs)) == len(signs) and rig.seen.sign() == signs[-1]


def test_birth_names_circuits_devices_and_codes():
    made = json.loads(b"".join(asyncio.run(birth(CONFIG.items(), "0.1.0", 4))))
    assert made["station"] == "GC-T" and made["name"]["zh"] == "测试站" and made["boot"] == 4
    assert made["circuits"][1] == {"id": "hall", "parent": "grid", "cap_w": 300000}
    assert made["devices"][5]["watchdog_s"] is None and "bus" in made["devices"][0]
    assert made["gun_reasons"][4] == "cap_binds"
    assert "beta" not in made["devices"][0]
    marked = dict(CONFIG)
    marked["devices"] = [dict(CONFIG["devices"][0], beta=True)]
    assert json.loads(b"".join(asyncio.run(birth(marked.items(), "0.1.0", 4))))["devices"][0]["beta"] is True


def test_messages_are_compact_utf_8():
    assert to_json({"a": [1, None, True], "b": "光"}) == b'{"a":[1,null,true],"b":"\xe5\x85\x89"}'
    assert status(False) == b'{"online":false}'
    assert topic("GC-T", "status") == "guangchu/v1/GC-T/status"


def test_no_piece_grows_with_the_alarms_that_stand_and_fewer_are_told_where_memory_is_short():
    rig = charging_rig()
    for number in range(20):
        rig.alarms.update("gun_deaf", "gun%d" % number, True, 1000, 20000)
    pieces = list(rig.seen.pieces(1000, None))
    assert max([len(each) for each in pieces]) < 600, [len(each) for each in pieces]
    assert len(json.loads(b"".join(pieces))["alarms"]) == 20
    rig.seen.most_alarms = 3
    told = json.loads(b"".join(list(rig.seen.pieces(1000, None))))["alarms"]
    assert [each["device"] for each in told] == ["gun0", "gun1", "gun2"]
