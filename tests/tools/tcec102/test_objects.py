"""Station, equipment and connectors out of a station's messages."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from view_messages import BIRTH, TELEMETRY, gun  # noqa: E402

from tools.tcec102.objects import Station  # noqa: E402

DEVICES = [
    {"id": "meter", "role": "meter", "profile": "m", "bus": "rs485", "unit": 1},
    {"id": "g1", "role": "gun", "profile": "dc", "bus": "lan", "unit": 1, "connector": 1, "max_w": 180000},
    {"id": "g2", "role": "gun", "profile": "dc", "bus": "lan", "unit": 1, "connector": 2, "max_w": 240000},
    {"id": "g3", "role": "gun", "profile": "ac", "bus": "rs485", "unit": 5, "phases": 3, "max_w": 11000},
]


def station(**guns):
    made = Station("GC-T", "MA1234567", {"Address": "road 1"})
    made.take("birth", {**BIRTH, "devices": DEVICES})
    made.take("status", {"online": True})
    made.take("telemetry", {**TELEMETRY, "guns": [gun(name, state) for name, state in guns.items()]})
    return made


def test_guns_that_share_a_unit_are_connectors_of_one_equipment():
    info = station().info()
    assert [each["EquipmentID"] for each in info["EquipmentInfos"]] == ["GC-T-lan-1", "GC-T-rs485-5"]
    dc, ac = info["EquipmentInfos"]
    assert [each["ConnectorID"] for each in dc["ConnectorInfos"]] == ["GC-T-lan-1-1", "GC-T-lan-1-2"]
    assert (dc["EquipmentType"], dc["Power"], ac["EquipmentType"], ac["Power"]) == (1, 240.0, 2, 11.0)
    assert info["Address"] == "road 1" and info["StationStatus"] == 50 and info["OperatorID"] == "MA1234567"


def test_each_state_has_its_status():
    told = station(g1="charging", g2="idle", g3="suspended").status_info()
    assert [(each["ConnectorID"], each["Status"], each["ParkStatus"]) for each in told] == [
        ("GC-T-lan-1-1", 3, 50), ("GC-T-lan-1-2", 1, 10), ("GC-T-rs485-5-1", 2, 50),
    ]  # fmt: skip
    told = station(g1="fault", g2="unavailable", g3="preparing").status_info()
    assert [each["Status"] for each in told] == [255, 255, 2]


def test_what_is_not_known_is_offline():
    made = station(g1="charging")
    assert [each["Status"] for each in made.status_info()] == [3, 0, 0], "a gun that telemetry does not name"
    deaf = gun("g1", reason={"code": "deaf", "zh": "", "en": ""})
    made.take("telemetry", {**TELEMETRY, "guns": [deaf, gun("g2", None)]})
    assert [each["Status"] for each in made.status_info()] == [0, 0, 0]
    made.take("status", {"online": False})
    assert [each["Status"] for each in made.status_info()] == [0, 0, 0]
    assert made.info()["StationStatus"] == 0


def test_before_its_birth_message_a_station_has_no_connectors():
    made = Station("GC-T", "MA1234567", {})
    assert made.status_info() == [] and made.info()["EquipmentInfos"] == []
