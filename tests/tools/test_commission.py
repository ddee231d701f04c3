"""The commissioning tool: from what a station tells to a station file, over a real broker, with the station's own code
for commands and messages and a gun whose truth is known."""

import asyncio
import json
from types import SimpleNamespace

import paho.mqtt.client as paho
import pytest

from control import response
from control.response import FALL, LAG, RISE
from control.station import Station
from drivers.ticks import ticks_ms
from firmware import config as station_config
from firmware.clock import Clock
from firmware.commands import Commands
from firmware.gun_response import told as report
from firmware.limits import LimitsInForce
from tests.control.watched_gun import Watched
from tools import commission, commission_values
from tools.broker import Broker
from tools.platform import link

KEY = "5a" * 32
DEMO = "tools/stations/demo.json"


def told(observations, within_ms=0, **file):
    """The station's own message after these observations."""
    gun = Watched(**file)
    for kind, value in observations:
        response.note(gun.station, 0, kind, value)
    gun.station.observed[response.RESOLUTION] = within_ms
    return report(gun.station, 0)


def proposed(*arguments, **file):
    return [each.proposed for each in commission_values.measured(told(*arguments, **file))]


def test_what_is_worse_than_the_file_is_proposed_with_its_margin():
    seen = [(LAG, 623), (LAG, 700), (FALL, 25000), (FALL, 24000), (RISE, 60000), (RISE, 61000)]
    assert proposed(seen, 400) == [1050, 21800, 67500]


def test_one_observation_proposes_nothing():
    assert proposed([(LAG, 900), (FALL, 10000), (RISE, 90000)], 400) == [300, 80000, 40000]


def test_what_is_within_the_file_stays():
    assert proposed([(LAG, 200), (LAG, 100), (FALL, 75000), (FALL, 74000), (RISE, 42000), (RISE, 43000)], 400) == [
        300, 80000, 40000
    ]  # fmt: skip


def test_only_many_observations_make_a_value_narrower_and_a_rise_never():
    quick = [(LAG, 100), (FALL, 200000), (RISE, 10000)]
    assert proposed(quick * 4, 60) == [300, 80000, 40000]
    assert proposed(quick * 5, 60) == [200, 175000, 40000]


def test_a_proposal_keeps_to_what_a_station_file_may_say():
    wild = [(LAG, 60000), (FALL, 1), (RISE, 100_000_000)]
    assert proposed(wild * 2, 400) == [10000, 100, 2000000]


def test_the_copy_differs_in_nothing_else():
    with open(DEMO, encoding="utf-8") as file:
        plain = json.load(file)
    values = commission_values.measured(told([(LAG, 900), (LAG, 900)], 100))
    copy = commission_values.with_values(plain, values)
    gun = next(device for device in copy["devices"] if device["id"] == "gun1")
    assert gun.pop("lag_ms") == 1000
    assert copy == plain
    assert commission_values.with_values(plain, [])["devices"] == plain["devices"]


class Scene:
    """The demo station at a broker: commands and messages are the firmware's, gun1 is a simulated one, in a time of its
    own: what it does in a step is done at once."""

    def __init__(self, folder, gun):
        with open(DEMO, encoding="utf-8") as file:
            self.config = station_config.completed(json.load(file))
        self.gun, self.others = gun, Station(self.config)
        gun.limit(300000, 12000)
        self.limits = LimitsInForce(self.config["circuits"], ("operator", "grid", "service"))
        running = SimpleNamespace(station=self.others)
        clock, keys = Clock(ticks_ms()), {"service": bytes.fromhex(KEY)}
        self.commands = Commands("GC-DEMO-01", self.limits, None, clock, keys, None, str(folder), running)
        self.root = f"{link.ROOT}GC-DEMO-01/"
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.username_pw_set("platform", "secret")
        self.client.on_connect = lambda client, *_: client.subscribe(self.root + "command", qos=1)
        self.client.on_message = lambda client, _, message: self.obey(message.topic.encode(), message.payload)

    def obey(self, topic, message):
        answer = self.commands.handle(topic, message, ticks_ms())
        self.say("ack", answer)
        orders = self.limits.orders
        if answer["result"] == "accepted":
            self.gun.limit(orders.guns.effective_w(0, ticks_ms()), 14000).limit(300000, 12000)

    def say(self, kind, message):
        self.client.publish(self.root + kind, json.dumps(message), qos=1)

    def tell(self):
        self.say("telemetry", {"guns": [{"id": "gun1", "power_w": self.gun.power_w}, {"id": "gun2", "power_w": None}]})
        self.say("response", report(self.gun.station, 0))
        for g in range(1, self.others.guns):
            self.say("response", report(self.others, g))


def run(arguments, tmp_path, monkeypatch, gun=None):
    """The end of the tool, beside the station at work."""
    for name, value in {"_HELD_S": 1, "_AGAIN_S": 0.05, "_RECOVERY_S": 1.0, "_HEARD_S": 3.0, "_ANSWER_S": 3.0}.items():
        monkeypatch.setattr(commission, name, value)
    (tmp_path / "keys.json").write_text(json.dumps({"authorities": {"service": KEY}}))

    async def play():
        async with Broker(user="platform", password="secret") as broker:
            options = ["--port", str(broker.port), "--password", "secret", *arguments]
            work = asyncio.create_task(asyncio.to_thread(commission.main, options))
            if gun is None:
                return await work
            scene = Scene(tmp_path, gun)
            await asyncio.to_thread(scene.client.connect, "127.0.0.1", broker.port)
            scene.client.loop_start()
            try:
                while not work.done():
                    scene.tell()
                    await asyncio.sleep(0.05)
            finally:
                scene.client.disconnect()
                scene.client.loop_stop()
            return await work

    return asyncio.run(play())


def test_steps_find_the_guns_truth_and_leave_a_station_file_that_is_taken(tmp_path, monkeypatch, capsys):
    out = tmp_path / "measured.json"
    keys = str(tmp_path / "keys.json")
    step = ["--step", "gun1=30000", "--steps", "2", "--keys", keys, "--out", str(out)]
    gun = Watched(900, 25000, 60000)
    assert run([DEMO, *step], tmp_path, monkeypatch, gun) == commission.ENOUGH
    said = capsys.readouterr().out
    assert "gun1 2/2" in said and "80000 → 21" in said
    found = next(each for each in station_config.load(str(out))["devices"] if each["id"] == "gun1")
    assert 900 <= found["lag_ms"] <= 1400
    assert 20000 <= found["ramp_down_w_s"] <= 25000 and 60000 <= found["ramp_up_w_s"] <= 72000
    before = next(each for each in station_config.load(DEMO)["devices"] if each["id"] == "gun2")
    assert before == next(each for each in station_config.load(str(out))["devices"] if each["id"] == "gun2")


def test_without_enough_observations_it_says_which_are_missing(tmp_path, monkeypatch, capsys):
    assert run([DEMO, "--lang", "en"], tmp_path, monkeypatch, Watched()) == commission.NOT_ENOUGH
    said = capsys.readouterr().out
    assert "gun1 lag_ms" in said and "gun2 ramp_down_w_s" in said and "gun1 ramp_up_w_s" not in said


def test_a_gun_that_does_not_draw_enough_is_not_stepped(tmp_path, monkeypatch, capsys):
    step = ["--step", "gun2=20000", "--keys", str(tmp_path / "keys.json")]
    assert run([DEMO, *step], tmp_path, monkeypatch, Watched()) == commission.NOT_ENOUGH
    assert "gun2 draws 0 W" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        ([DEMO], "GC-DEMO-01 tells nothing", commission.NO_ANSWER),
        ([DEMO, "--step", "gun1=30000"], "--keys", commission.WRONG_CALL),
        ([DEMO, "--step", "gun9=30000", "--keys", "k"], "gun9", commission.WRONG_CALL),
        (["nothing.json"], "no station file", commission.WRONG_CALL),
        (["pyproject.toml"], "no station file", commission.WRONG_CALL),
    ],
)
def test_a_wrong_call_and_a_silent_station_are_told(arguments, words, code, tmp_path, monkeypatch, capsys):
    assert run([*arguments, "--seconds", "0.5"], tmp_path, monkeypatch) == code
    assert words in capsys.readouterr().err


def test_a_broker_that_is_not_there_is_told(tmp_path, capsys):
    assert commission.main([DEMO, "--port", "1", "--password", "x"]) == commission.NO_ANSWER
    assert "broker not reached" in capsys.readouterr().err


def test_a_step_is_a_gun_and_watts():
    assert commission.step_of("gun1=20000") == ("gun1", 20000)
    for wrong in ("gun1", "gun1=", "=5", "gun1=-5", "gun1=0", "gun1=1.5"):
        with pytest.raises(Exception, match="GUN=W"):
            commission.step_of(wrong)


