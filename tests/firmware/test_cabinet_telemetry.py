"""A station with a power cabinet shows it in telemetry, in the form of the published schema."""

import json

import jsonschema

from drivers.ticks import ticks_ms
from firmware import texts
from firmware.telemetry import Telemetry
from tests.drivers.stations import device
from tests.firmware.telemetry_station import CONFIG, Lateness, Rig
from tests.micropython_collector import REPOSITORY

SCHEMAS = REPOSITORY / "docs/mqtt"


def told_by(seen):
    return json.loads(b"".join(seen.pieces(ticks_ms(), None)))


def test_the_cabinet_is_in_the_message():
    rig = Rig()
    cabinet = device("power_cabinet", id="cab")
    cabinet.readings["modules"].good(12, 1)
    config = {**CONFIG, "devices": [*CONFIG["devices"], {"id": "cab", "role": "cabinet"}]}
    devices = {**rig.devices, "cab": cabinet}
    seen = Telemetry(config, rig.station, devices, rig.limits, Lateness(), rig.stop, rig.alarms, ticks_ms())
    seen.seq = 1
    message = told_by(seen)
    schema = json.loads((SCHEMAS / "telemetry.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(message, schema)
    assert [each["id"] for each in message["cabinets"]] == ["cab"] and message["cabinets"][0]["modules"] == 12
    assert "cabinets" not in told_by(rig.seen)


def test_every_alarm_of_the_table_is_in_the_schemas():
    for name in ("telemetry", "state", "journal", "alarm"):
        text = (SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")
        assert all(f'"{code}"' in text for code in texts.codes("alarm")), name
