"""What the firmware sends, on CPython and on real MicroPython, against the published schemas."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("status", "birth", "telemetry", "health", "alarm", "command", "ack")

# Prints one line `kind json` for each message; runs on either runtime.
SCRIPT = """
import sys
sys.path.append("tests/firmware")
from telemetry_station import CONFIG, Rig, charging_rig
from control import reasons
from firmware.commands import Commands
from firmware.telemetry import Telemetry, birth, status, to_json

def out(kind, payload):
    print(kind, payload.decode())

out("status", status(True))
out("status", status(False))
out("birth", birth(CONFIG, "0.1.0", 4))
for rig in (Rig(), charging_rig()):
    rig.limits.tighten(0, 1, 100000, 60, 1000)
    rig.alarms.update("gun_deaf", "gun2", True, 1000, 20000)
    rig.alarms.update("emergency_stop", "station", True, 1000)
    rig.alarms.update("gun_deaf", "gun2", False, 1000)
    rig.view.fill(1000)
    out("telemetry", Telemetry(rig.view).payload())
    while rig.alarms.peek():
        out("alarm", to_json(rig.alarms.peek()))
        rig.alarms.published()
rig = charging_rig()
for code in range(len(reasons.GUN_REASONS)):
    rig.station.reason[0] = code
    rig.station.storage_reason = code % len(reasons.STORAGE_REASONS)
    rig.view.fill(1000)
    out("telemetry", Telemetry(rig.view).payload())
from drivers.build import build_buses
from drivers.ticks import ticks_add, ticks_ms
from firmware.bus_health import PERIOD_MS, BusHealth
wiring = [{"id": "b6", "kind": "rtu", "port": "UART1"}, {"id": "b5", "kind": "tcp", "host": "127.0.0.1"}]
buses, devices = build_buses({"buses": wiring, "devices": CONFIG["devices"][4:]}, None)
health = BusHealth(buses)
devices["gun1"].answered(ticks_ms(), 7)
for turn in range(1, len(buses) + 1):
    out("health", to_json(health.message(ticks_add(ticks_ms(), turn * (PERIOD_MS // len(buses) + 100)))))
commands = Commands(rig.limits)
for payload in (
    b'{"id":"a","type":"limit","circuit":"grid","limit_w":300000,"expires_s":60}',
    b'{"id":"a","type":"limit","circuit":"grid","limit_w":300001,"expires_s":60}',
    b'{"id":"b","type":"limit","circuit":"grid","limit_w":400001,"expires_s":60}',
    b'{"id":"c","type":"limit","circuit":"roof","limit_w":1,"expires_s":60}',
    b'{"id":"d","type":"limit","circuit":"grid","limit_w":"1","expires_s":60}',
    b'{"id":"e","type":"reboot"}', b'{"id":"","type":"limit"}', b'[]', b'x' * 2000, None,
    b'{"id":"f","type":"emergency_stop"}', b'{"type":"emergency_stop"}',
):
    out("ack", to_json(commands.handle(payload, 0)))
"""


def schema(kind):
    return json.loads((ROOT / "docs" / "mqtt" / f"{kind}.schema.json").read_text(encoding="utf-8"))


def errors(kind, message):
    return [error.message for error in jsonschema.Draft202012Validator(schema(kind)).iter_errors(message)]


def messages(runtime, tmp_path):
    script = tmp_path / "messages.py"
    script.write_text(SCRIPT, encoding="utf-8")
    environment = dict(os.environ, PYTHONPATH=str(ROOT), MICROPYPATH=f"{ROOT}:.frozen", PYTHONDONTWRITEBYTECODE="1")
    python = Path(sys.executable)
    command = [python] if runtime == "cpython" else [python.parent / "micropython", "-X", "heapsize=190wK"]
    done = subprocess.run(
        [*map(str, command), str(script)], cwd=ROOT, env=environment, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    lines = [line.split(" ", 1) for line in done.stdout.decode("utf-8").splitlines()]
    return [(kind, json.loads(payload)) for kind, payload in lines]


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_all_that_the_firmware_sends_satisfies_its_schema(runtime, tmp_path):
    made = messages(runtime, tmp_path)
    assert {kind for kind, _ in made} == {"status", "birth", "telemetry", "health", "alarm", "ack"}
    assert {m["code"] for k, m in made if k == "ack"} == set(schema("ack")["properties"]["code"]["enum"])
    for kind, message in made:
        assert errors(kind, message) == [], (kind, message)


@pytest.mark.parametrize("kind", KINDS)
def test_the_schemas_are_schemas(kind):
    jsonschema.Draft202012Validator.check_schema(schema(kind))


def test_the_schemas_name_every_code_of_the_firmware():
    from firmware.texts import ACK_TEXTS, ALARMS, GUN_REASONS, STORAGE_REASONS

    telemetry = schema("telemetry")["properties"]
    assert telemetry["guns"]["items"]["properties"]["reason"]["properties"]["code"]["enum"] == list(GUN_REASONS)
    assert telemetry["storage"]["items"]["properties"]["reason"]["properties"]["code"]["enum"] == list(STORAGE_REASONS)
    assert telemetry["alarms"]["items"]["properties"]["code"]["enum"] == list(ALARMS)
    assert schema("alarm")["properties"]["code"]["enum"] == list(ALARMS)
    assert schema("ack")["properties"]["code"]["enum"] == list(ACK_TEXTS)


def test_a_message_with_a_field_too_many_or_too_few_is_noticed(tmp_path):
    for kind, message in messages("cpython", tmp_path):
        if kind == "telemetry":
            assert errors(kind, {**message, "extra": 1})
            assert errors(kind, {key: message[key] for key in message if key != "cap"})
            message["guns"][0]["grant_w"] = 1.5
            assert errors(kind, message)
            return
    raise AssertionError("no telemetry was made")


@pytest.mark.parametrize(
    ("command", "fits"),
    [
        ({"id": "a", "type": "limit", "circuit": "grid", "limit_w": 0, "expires_s": 1}, True),
        ({"type": "emergency_stop"}, True),
        ({"id": "a", "type": "limit", "circuit": "grid", "limit_w": -1, "expires_s": 1}, False),
        ({"id": "a", "type": "limit", "circuit": "grid", "limit_w": 5, "expires_s": 86401}, False),
        ({"id": "站", "type": "limit", "circuit": "grid", "limit_w": 5, "expires_s": 1}, False),
        ({"id": "a", "type": "reboot"}, False),
    ],
)
def test_the_command_schema_and_the_firmware_agree(command, fits):
    from firmware.commands import Commands
    from firmware.limits import LimitsInForce

    ack = Commands(LimitsInForce([{"id": "grid", "cap_w": 400000}])).handle(json.dumps(command).encode(), 0)
    assert (ack["result"] == "accepted") is fits
    assert (errors("command", command) == []) is fits


def test_the_examples_of_the_specification_satisfy_the_schemas():
    text = (ROOT / "docs" / "mqtt.md").read_text(encoding="utf-8")
    example = text.split("```json")[1].split("```")[0]
    assert errors("telemetry", json.loads(example)) == []
    commands = [part for part in text.split("`") if part.startswith('{"id"')]
    assert len(commands) == 2
    for command in commands:
        assert errors("command", json.loads(command)) == []
