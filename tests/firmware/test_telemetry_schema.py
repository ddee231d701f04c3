"""What the firmware sends, on CPython and on real MicroPython, against the published schemas."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
KINDS = (
    "status", "birth", "telemetry", "health", "alarm", "command", "ack", "state", "capability", "response", "clock",
    "journal",
)  # fmt: skip

# Prints one line `kind json` for each message; runs on either runtime.
SCRIPT = """
import asyncio, gc, sys
sys.path.append("tests/firmware")
from telemetry_station import CONFIG, Rig
from northbound_station import KEYS, Talking
from scratch import Folder
from control import reasons
from drivers.build import build_buses
from drivers.ticks import sleep_ms, ticks_add, ticks_ms
from firmware import signing
from firmware.birth import birth
from firmware.bus_health import PERIOD_MS, BusHealth
from firmware.telemetry import status, to_json
from firmware import journal

def out(kind, payload):
    print(kind, payload.decode())

def out_sent():
    for topic, message, retain, qos in talking.broker.sent:
        out(topic.rsplit("/", 1)[1], message)
    talking.broker.sent = []
    gc.collect()

out("status", status(True))
named = dict(CONFIG["devices"][0], serial="A1", model="DTSD1352-C", version="1.06", beta=True)
config = dict(CONFIG, devices=CONFIG["devices"] + [named])
out("birth", b"".join(asyncio.run(birth(config.items(), "0.1.0", 4))))
empty = Rig().seen
empty.seq = 1
out("telemetry", b"".join(empty.pieces(1000, None)))
wiring = [{"id": "b6", "kind": "rtu", "port": "UART1"}, {"id": "b5", "kind": "tcp", "host": "127.0.0.1"}]
buses, devices = build_buses({"buses": wiring, "devices": CONFIG["devices"][4:]}, None)
devices["gun1"].answered(ticks_ms(), 7)
folder = Folder()
folder.__enter__()
talking = Talking(folder, buses=buses)
rig, north = talking.rig, talking.north
north._birth_due = False  # there is no checked station in this folder
topic = b"guangchu/v1/GC-T/command"
count = [0]

def command(authority, kind, key=None, **fields):
    count[0] += 1
    now_s = talking.clock.now_s(ticks_ms()) or 0
    content = {"id": "c%d" % count[0], "type": kind, "station": "GC-T", "authority": authority, "counter": count[0]}
    content.update({"issued": now_s, "expires": now_s + 60})
    content.update(fields)
    body = to_json(content)[:-1]
    mac = signing.mac(key or KEYS[authority], topic, body)
    talking.order(body + b',"mac":"' + mac + b'"}')

talking.clock.source = ""
command("operator", "limit", circuit="hall", limit_w=250000, expires_s=60)
command("operator", "gun", gun="gun1", action="start")
talking.clock.set(1800000000, "ntp", 50, ticks_ms())
now_s = 1800000000
command("operator", "limit", circuit="hall", limit_w=200000, expires_s=60)
command("operator", "limit", circuit="hall", limit_w=300001, expires_s=60)
command("operator", "limit", circuit="hall", limit_w="1", expires_s=60)
command("operator", "limit", circuit="roof", limit_w=1, expires_s=60)
command("operator", "limit", circuit="hall", limit_w=200000, expires_s=60, station="GC-U")
command("operator", "limit", circuit="hall", limit_w=200000, expires_s=60, counter=1)
command("operator", "limit", circuit="hall", limit_w=200000, expires_s=60, issued=now_s - 99, expires=now_s - 9)
command("operator", "limit", circuit="hall", limit_w=200000, expires_s=60, issued=now_s + 99, expires=now_s + 999)
command("operator", "limit", circuit="hall", limit_w=None)
command("operator", "limit", circuit="hall", limit_w=1, expires_s=60, key=b"x" * 32)
command("service", "limit", circuit="hall", limit_w=1, expires_s=60)
command("service", "reboot")
command("operator", "tariff")
command("operator", "limit", id="")
command("operator", "gun", gun="gun7", action="stop", expires_s=60)
command("operator", "gun", gun="gun1", action="limit", limit_w=50000, expires_s=86400)
command("service", "gun", gun="gun1", action="limit", limit_w=60000, expires_s=86400)
command("operator", "gun", gun="gun2", action="stop", expires_s=60)
command("operator", "gun", gun="gun2", action="start")
command("service", "maintenance", action="in_service", gun="gun2")
command("service", "maintenance", action="out_of_service", gun="gun2")
command("grid", "dispatch", storage_w=None)
command("grid", "dispatch", storage_w=-10000000, expires_s=86400)
command("operator", "dispatch", storage_w=10000, expires_s=60)
command("service", "config", telemetry_ms=1000)
command("service", "maintenance", action="restart")
assert talking.running.is_to_start_anew
talking.broker.connected = True
command("operator", "time", asked="0-0")
talking.clock.asked = "4-1"
talking.clock.asked_ms = ticks_ms()
command("operator", "time", asked="4-1")
command("operator", "limit", circuit="grid", limit_w=350000, expires_s=60)
path, talking.commands.path = talking.commands.path, "no/such/folder"
command("grid", "limit", circuit="grid", limit_w=350000, expires_s=60)
talking.commands.path = path
talking.order(b'{"id":"a","type":"limit"}')
talking.order(None)
talking.commands.unsigned = True
talking.order(b'[]')
for limit_w in (300000, 300001):
    talking.order(b'{"id":"a","type":"limit","circuit":"grid","limit_w":%d,"expires_s":60}' % limit_w)
talking.order(b'{"id":"f","type":"emergency_stop"}')
for number in range(5):
    talking.broker.receive(topic, b"[]")
talking.order(b"[]")
out_sent()

rig.alarms.update("gun_deaf", "gun2", True, 1000, 20000)
rig.alarms.update("emergency_stop", "station", True, 1000)
rig.alarms.update("gun_deaf", "gun2", False, 1000)
north._tell_alarms(ticks_ms())
for code in range(len(reasons.GUN_REASONS)):
    rig.station.reason[0] = code
    rig.station.storage_reason = code % len(reasons.STORAGE_REASONS)
    north._tell_telemetry(ticks_ms())
    out_sent()
    if code % 4 == 0:
        north._seconds = 4
        north._each_second(ticks_ms())
out_sent()
talking.clock_task.message_due = True
north._seconds = 59
north._each_second(ticks_ms())
north._energy._since_ms = ticks_add(ticks_ms(), -900000)
north._each_second(ticks_ms())
out_sent()
for turn in range(1, len(buses) + 1):
    north._tell_health(ticks_add(ticks_ms(), turn * (PERIOD_MS // len(buses) + 100)))
talking.journal._seq += 5

async def send():
    talking.journal.add(journal.SAMPLE, b'{"cap_w":1,"grid_w":null,"base_w":null,"pv_w":[],"storage_w":[],'
                        b'"soc_permille":[],"gun_w":[null],"grant_w":[1],"ladder":5}', ticks_ms())
    task = asyncio.create_task(north.send())
    while talking.journal.oldest() is not None:
        await sleep_ms(10)
    task.cancel()

asyncio.run(send())
out_sent()
folder.__exit__()
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
    assert {kind for kind, _ in made} == set(KINDS) - {"command"}
    assert {m["kind"] for k, m in made if k == "journal"} == {"start", "alarm", "record", "sample", "decision", "gap"}
    assert {m["code"] for k, m in made if k == "ack"} == set(schema("ack")["properties"]["code"]["enum"])
    for kind, message in made:
        assert errors(kind, message) == [], (kind, message)


def size_of(kind, message):
    """The bytes that docs/mqtt.md allows for this message."""
    listed = {key: len(message.get(key, ())) for key in ("devices", "guns", "limits", "alarms")}
    return {
        "status": 20,
        "birth": 1536 + 250 * listed["devices"],
        "state": 512 + 60 * listed["guns"] + 90 * (listed["limits"] + listed["alarms"]),
        "telemetry": 1100 + 320 * listed["guns"] + 200 * listed["alarms"] + 80 * listed["limits"],
        "capability": 450,
        "response": 420,
        "clock": 150,
        "health": 200 + 350 * listed["devices"],
        "alarm": 400,
        "journal": 2150,
        "ack": 600,
    }[kind]


def test_no_message_is_larger_than_the_specification_allows(tmp_path):
    for kind, message in messages("micropython", tmp_path):
        size = len(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode())
        assert size <= size_of(kind, message), (kind, size, message)


@pytest.mark.parametrize("kind", KINDS)
def test_the_schemas_are_schemas(kind):
    jsonschema.Draft202012Validator.check_schema(schema(kind))


def test_the_schemas_name_every_code_of_the_firmware():
    from control.reasons import GUN_REASONS, STORAGE_REASONS
    from firmware.texts import codes

    telemetry = schema("telemetry")["properties"]
    assert telemetry["guns"]["items"]["properties"]["reason"]["properties"]["code"]["enum"] == list(GUN_REASONS)
    assert telemetry["storage"]["items"]["properties"]["reason"]["properties"]["code"]["enum"] == list(STORAGE_REASONS)
    assert sorted(telemetry["alarms"]["items"]["properties"]["code"]["enum"]) == codes("alarm")
    assert sorted(schema("alarm")["properties"]["code"]["enum"]) == codes("alarm")
    assert sorted(schema("ack")["properties"]["code"]["enum"]) == codes("ack")


def test_a_message_with_a_field_too_many_or_too_few_is_noticed(tmp_path):
    for kind, message in messages("cpython", tmp_path):
        if kind == "telemetry":
            assert errors(kind, {**message, "extra": 1})
            assert errors(kind, {key: message[key] for key in message if key != "cap"})
            message["guns"][0]["grant_w"] = 1.5
            assert errors(kind, message)
            return
    raise AssertionError("no telemetry was made")


COMMON = {"station": "GC-T", "authority": "grid", "issued": 1800000000, "expires": 1800000060, "counter": 5}

GUN = {**COMMON, "authority": "operator", "id": "a", "type": "gun", "gun": "gun1"}
SERVICE = {**COMMON, "authority": "service", "id": "a"}


@pytest.mark.parametrize(
    ("command", "fits"),
    [
        ({"id": "a", "type": "limit", "circuit": "grid", "limit_w": 0, "expires_s": 1}, True),
        ({"type": "emergency_stop"}, True),
        ({"id": "a", "type": "limit", "circuit": "grid", "limit_w": -1, "expires_s": 1}, False),
        ({"id": "a", "type": "limit", "circuit": "grid", "limit_w": None, "expires_s": 1}, False),
        ({"id": "a", "type": "limit", "circuit": "grid", "limit_w": 5, "expires_s": 86401}, False),
        ({"id": "站", "type": "limit", "circuit": "grid", "limit_w": 5, "expires_s": 1}, False),
        ({"id": "a", "type": "reboot"}, False),
        ({**COMMON, "id": "a", "type": "limit", "circuit": "grid", "limit_w": 5, "expires_s": 100}, True),
        ({**COMMON, "id": "a", "type": "limit", "circuit": "grid", "limit_w": None}, True),
        ({**COMMON, "id": "a", "type": "emergency_stop", "why": "fire"}, True),
        ({**COMMON, "id": "a", "type": "time", "asked": "1-1"}, True),
        ({**COMMON, "id": "a", "type": "limit", "circuit": "grid", "limit_w": 5}, False),
        ({**COMMON, "id": "a", "type": "limit", "circuit": "grid", "limit_w": 5, "expires_s": 1, "more": 1}, False),
        ({**COMMON, "id": "a", "type": "emergency_stop", "counter": 0}, False),
        ({**COMMON, "id": "a", "type": "emergency_stop", "issued": "now"}, False),
        ({**COMMON, "type": "emergency_stop"}, False),
        ({**COMMON, "id": "a", "type": "tariff"}, False),
        ({**GUN, "action": "limit", "limit_w": 1, "expires_s": 86400}, True),
        ({**GUN, "action": "stop", "expires_s": 100}, True),
        ({**GUN, "action": "start"}, True),
        ({**GUN, "action": "limit", "limit_w": 0, "expires_s": 100}, False),
        ({**GUN, "action": "limit", "expires_s": 100}, False),
        ({**GUN, "action": "stop"}, False),
        ({**GUN, "action": "stop", "limit_w": 5, "expires_s": 100}, False),
        ({**GUN, "action": "start", "expires_s": 100}, False),
        ({**GUN, "action": "charge"}, False),
        ({**GUN, "action": "start", "gun": 1}, False),
        ({**COMMON, "id": "a", "type": "dispatch", "storage_w": -10000000, "expires_s": 100}, True),
        ({**COMMON, "id": "a", "type": "dispatch", "storage_w": None}, True),
        ({**COMMON, "id": "a", "type": "dispatch", "storage_w": 10000001, "expires_s": 100}, False),
        ({**COMMON, "id": "a", "type": "dispatch", "storage_w": 1.5, "expires_s": 100}, False),
        ({**COMMON, "id": "a", "type": "dispatch", "storage_w": None, "expires_s": 100}, False),
        ({**COMMON, "id": "a", "type": "dispatch", "expires_s": 100}, False),
        ({**SERVICE, "type": "maintenance", "action": "restart"}, True),
        ({**SERVICE, "type": "maintenance", "action": "out_of_service", "gun": "gun1"}, True),
        ({**SERVICE, "type": "maintenance", "action": "in_service", "gun": "gun1"}, True),
        ({**SERVICE, "type": "maintenance", "action": "restart", "gun": "gun1"}, False),
        ({**SERVICE, "type": "maintenance", "action": "in_service"}, False),
        ({**SERVICE, "type": "maintenance"}, False),
        ({**SERVICE, "type": "config", "telemetry_ms": 200}, True),
        ({**SERVICE, "type": "config", "telemetry_ms": None}, True),
        ({**SERVICE, "type": "config", "telemetry_ms": 60001}, False),
        ({**SERVICE, "type": "config"}, False),
        ({**SERVICE, "type": "config", "telemetry_ms": 500, "cap_w": 1}, False),
    ],
)
def test_the_command_schema_and_the_firmware_agree(command, fits, tmp_path):
    from control.station import Station
    from firmware import signing
    from firmware.clock import Clock
    from firmware.commands import Commands
    from firmware.emergency_stop import EmergencyStop
    from firmware.limits import LimitsInForce
    from firmware.running import Running
    from tests.firmware.telemetry_station import CONFIG

    clock = Clock(0)
    clock.set(1800000000, "ntp", 50, 0)
    clock.asked = "1-1"
    limits = LimitsInForce([{"id": "grid", "cap_w": 400000}], ("mqtt", "operator", "grid"))
    stop, topic = EmergencyStop(None, None, False), b"guangchu/v1/GC-T/command"
    keys = {"operator": b"o" * 32, "grid": b"g" * 32, "service": b"s" * 32}
    running = Running(None, Station(CONFIG), {}, [], None, limits, stop, None, None)
    message = json.dumps(command).encode()
    if "authority" in command:
        digits = signing.mac(keys[command["authority"]], topic, message[:-1])
        message = message[:-1] + b',"mac":"' + digits + b'"}'
    ack = Commands("GC-T", limits, stop, clock, keys, True, str(tmp_path), running).handle(topic, message, 0)
    assert (ack["result"] != "refused") is fits, ack
    assert (errors("command", json.loads(message)) == []) is fits


def test_the_examples_of_the_specification_satisfy_the_schemas():
    text = (ROOT / "docs" / "mqtt.md").read_text(encoding="utf-8")
    examples = [part.split("```")[0] for part in text.split("```json")[1:]]
    assert len(examples) == 5
    for kind, example in zip(("telemetry", "health", "response", "journal", "command"), examples):
        assert errors(kind, json.loads(example.replace("<64 hexadecimal digits>", "0" * 64))) == [], kind
    commands = [part for part in text.split("`") if part.startswith('{"id"')]
    assert len(commands) == 2
    for command in commands:
        assert errors("command", json.loads(command)) == []
