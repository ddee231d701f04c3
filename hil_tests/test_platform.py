"""What a platform sees of a whole board over a real broker: every message after its schema, signed commands answered,
and no gap in the journal after an outage.
"""

import hashlib
import hmac
import json
import time
from pathlib import Path

import jsonschema
import paho.mqtt.client as mqtt
import pytest

from hil_tests.unix_rig import HOST
from tools import send
from tools.broker import Broker

SCHEMAS = Path(__file__).resolve().parents[1] / "docs" / "mqtt"
KEY = bytes(range(32))
SERVICE_KEY = b"s" * 32
PASSWORD = "secret"


class Platform:
    """Hears everything of the station and checks it. `got`: {kind: [message]}; `bad`: what breaks its schema."""

    def __init__(self, port, station):
        self.root = f"guangchu/v1/{station}/"
        self.station = station
        self.got, self.bad, self.counter = {}, [], 0
        self._checks = {}
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="platform")
        self.client.username_pw_set("station", PASSWORD)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = lambda client, *_: client.subscribe(self.root + "#", qos=1)
        self.client.on_message = self._take
        self.client.connect(HOST, port, 30)
        self.client.loop_start()

    def _take(self, client, userdata, message):
        kind = message.topic[len(self.root) :]
        if kind == "command":
            return
        content = json.loads(message.payload)
        if kind not in self._checks:
            schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text(encoding="utf-8"))
            self._checks[kind] = jsonschema.Draft202012Validator(schema)
        self.bad += [(kind, error.message) for error in self._checks[kind].iter_errors(content)]
        self.got.setdefault(kind, []).append(content)

    def command(self, kind, key=KEY, **fields):
        """A signed command, made with the standard library alone, and the answer to it."""
        self.counter += 1
        now_s = int(time.time())
        content = {"id": f"p-{self.counter}", "type": kind, "station": self.station, "authority": "operator"}
        content |= {"issued": now_s, "expires": now_s + 30, "counter": self.counter} | fields
        body = json.dumps(content).encode()[:-1]
        topic = self.root + "command"
        digits = hmac.new(key, topic.encode() + b"\n" + body, hashlib.sha256).hexdigest()
        before = len(self.got.get("ack", []))
        self.client.publish(topic, body + b',"mac":"' + digits.encode() + b'"}', qos=1)
        assert self.wait(lambda: len(self.got.get("ack", [])) > before), f"no answer to {kind}"
        return self.got["ack"][-1]

    def service(self, kind, **fields):
        return self.command(kind, SERVICE_KEY, authority="service", **fields)["code"]

    def gun(self, gun_id):
        """What telemetry said of a gun last."""
        return next(gun for gun in self.got["telemetry"][-1]["guns"] if gun["id"] == gun_id)

    def wait(self, seen, seconds=30.0):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if seen():
                return True
            time.sleep(0.05)
        return False

    def journal(self):
        return {entry["seq"]: entry for entry in self.got.get("journal", [])}

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def talking(rig):
    """(board, platform): the demo station on a board of its own, talking to a broker of its own."""
    broker = Broker("station", PASSWORD, 0)
    rig.call(broker.start())
    rig.wire()
    rig.station["mqtt"].update(host=HOST, port=broker.port, user="station", keepalive_s=4)
    rig.put("station.json", rig.station)
    authorities = {"operator": KEY.hex(), "service": SERVICE_KEY.hex()}
    rig.put("keys.json", {"mqtt_password": PASSWORD, "authorities": authorities})
    platform = Platform(broker.port, rig.station["station"]["id"])
    rig.broker = broker
    try:
        yield rig, platform
    finally:
        platform.stop()
        rig.kill()
        rig.call(rig.broker.stop())


def test_a_platform_sees_everything_commands_and_misses_nothing(talking):
    rig, platform = talking
    rig.power_on()
    assert platform.wait(lambda: {"birth", "status", "telemetry", "journal"} <= set(platform.got)), set(platform.got)
    assert platform.got["journal"][0]["kind"] == "start"

    ack = platform.command("limit", circuit="grid", limit_w=150000, expires_s=600)
    assert ack["code"] == "limit_set"
    assert platform.wait(lambda: platform.got["telemetry"][-1]["cap"] == {
        "w": 150000, "circuit": "grid", "source": "operator"
    })
    assert platform.command("limit", key=b"x" * 32, circuit="grid", limit_w=1, expires_s=60)["code"] == "bad_mac"
    assert platform.command("limit", circuit="grid", limit_w=1, expires_s=60, counter=1)["code"] == "replayed"
    assert platform.wait(lambda: "replayed" in platform.got["state"][-1]["commands"]["refused"])

    # an outage in which a device goes silent, which raises an alarm
    before = max(platform.journal())
    rig.call(rig.broker.stop())
    platform.got["telemetry"].clear()
    rig.simulated.silence("pv1")
    journal = rig.folder / "journal"
    assert rig.wait(lambda: journal.is_dir() and any(name.name[0] == "k" for name in journal.iterdir()), 40)
    rig.broker = Broker("station", PASSWORD, rig.broker.port)
    rig.call(rig.broker.start())
    assert platform.wait(lambda: any(
        entry["kind"] == "alarm" and entry["body"]["device"] == "pv1" and entry["seq"] > before
        for entry in list(platform.journal().values())
    ), 60), platform.journal()
    assert platform.wait(lambda: platform.got["telemetry"], 60)
    assert sorted(platform.journal()) == list(range(1, max(platform.journal()) + 1))
    assert {"health", "state", "capability", "clock", "alarm", "ack"} <= set(platform.got) and platform.bad == []


def test_the_command_line_sends_what_the_station_obeys(talking, capsys, tmp_path, monkeypatch):
    rig, platform = talking
    rig.power_on()
    assert platform.wait(lambda: "telemetry" in platform.got)
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"authorities": {"operator": KEY.hex(), "grid": (b"g" * 32).hex()}}))
    monkeypatch.setenv("GUANGCHU_MQTT_PASSWORD", PASSWORD)
    common = ["--port", str(rig.broker.port), "--user", "station", "--keys", str(keys)]
    limit = [platform.station, "limit", "circuit=grid", "limit_w=160000"]
    assert send.main([*limit, "expires_s=600", *common]) == send.ACCEPTED
    assert platform.wait(lambda: platform.got["telemetry"][-1]["cap"]["w"] == 160000)
    assert send.main([*limit, "expires_s=0", *common]) == send.REFUSED
    assert send.main([*limit, "expires_s=600", "--authority", "grid", *common]) == send.REFUSED
    said = capsys.readouterr().out
    assert "limit_set" in said and "bad_field" in said and "bad_mac" in said
    rig.kill()
    assert send.main([*limit, "expires_s=600", "--timeout-s", "1", *common]) == send.NO_ANSWER
    assert send.main([*limit, "expires_s", *common]) == send.WRONG_CALL
    assert send.main([*limit, "--authority", "service", *common]) == send.WRONG_CALL
    said = capsys.readouterr().err
    assert "no answer within 1 s" in said and "'expires_s'" in said and "authorities.service" in said


def test_orders_for_guns_and_storage_reach_the_plant_and_outlive_a_restart(talking):
    rig, platform = talking
    # Three guns: a board that has the storage and the plant's other devices on TCP carries no more.
    devices = [each for each in rig.station["devices"] if each["id"] not in ("gun4", "gun5", "gun6")]
    used = {each["bus"] for each in devices}
    rig.station |= {"devices": devices, "buses": [each for each in rig.station["buses"] if each["id"] in used]}
    rig.put("station.json", rig.station)
    rig.plant.pv["pv1"].available_w = 0.0  # what is discharged is drawn on site
    rig.plug("gun1")
    rig.plug("gun2")
    rig.power_on()
    assert platform.wait(lambda: "telemetry" in platform.got and platform.gun("gun1")["power_w"], 40)
    named = platform.wait(lambda: "capability" in platform.got, 20) and platform.got["capability"][-1]["commands"]
    assert {"gun", "dispatch", "maintenance", "config"} <= set(named)

    first, second, storage = rig.plant.guns["gun1"], rig.plant.guns["gun2"], rig.plant.storage["pcs1"]
    limit = {"gun": "gun1", "action": "limit", "limit_w": 30000, "expires_s": 600}
    assert platform.command("gun", **limit)["code"] == "gun_limited"
    assert rig.wait(lambda: 25e3 < first.power_w <= 30.1e3), first.power_w
    assert platform.command("dispatch", storage_w=-40000, expires_s=600)["code"] == "dispatched"
    assert rig.wait(lambda: abs(storage.power_w + 40e3) < 1e3), storage.power_w
    assert platform.wait(lambda: platform.got["telemetry"][-1]["storage"][0]["reason"]["code"] == "dispatched")
    reason = platform.gun("gun1")["reason"]
    assert reason["code"] == "platform_limit" and "30.0 kW" in reason["en"]
    assert platform.command("gun", gun="gun2", action="stop", expires_s=600)["code"] == "gun_stopped"
    assert rig.wait(lambda: second.power_w == 0.0) and platform.wait(
        lambda: platform.gun("gun2")["reason"]["code"] == "platform_stop" and platform.gun("gun2")["grant_w"] == 0, 10
    ), platform.gun("gun2")
    assert platform.command("gun", gun="gun2", action="start")["code"] == "gun_released"
    assert platform.service("maintenance", action="out_of_service", gun="gun3") == "gun_out"
    assert platform.service("config", telemetry_ms=2000) == "setting_kept"

    boot = platform.got["birth"][-1]["boot"]
    assert platform.service("maintenance", action="restart") == "restarting"
    assert platform.wait(lambda: platform.got["status"][-1] == {"online": False})
    output = rig.process.communicate(timeout=20)[0]
    assert rig.process.returncode == 3 and "not confirmed" not in output and "Traceback" not in output, output
    rig.power_on()
    assert platform.wait(lambda: platform.got["birth"][-1]["boot"] == boot + 1)
    platform.got["telemetry"].clear()
    assert platform.wait(lambda: len(platform.got["telemetry"]) > 2)
    assert platform.gun("gun3")["reason"]["code"] == "out_of_service"
    assert rig.wait(lambda: 25e3 < first.power_w <= 30.1e3, 20), first.power_w
    assert rig.wait(lambda: abs(storage.power_w + 40e3) < 1e3, 20), storage.power_w
    assert platform.bad == []
