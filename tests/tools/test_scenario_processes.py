"""The processes of a run: they get ready, they end, a stubborn one too, and nothing is left; and what they and the
broker say is heard.
"""

import asyncio
import json
import sys
import time

import paho.mqtt.client as mqtt
import pytest

from tools import run_report
from tools.broker import Broker
from tools.run_evidence import from_bare_tick, from_mqtt
from tools.run_mqtt import Subscriber
from tools.run_processes import ROOT, Child, Children, ProcessError, micropython_child

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('{}', flush=True); time.sleep(60)"


def python(code):
    return Child("child", [sys.executable, "-c", code])


def test_a_child_that_does_not_heed_sigterm_is_killed_and_nothing_is_left():
    async def scene():
        children = Children()
        child = await children.start(python(STUBBORN))
        await child.json_line()
        assert children.left() == [f"child ({child.pid})"]
        await children.stop_all()
        return children.left(), child.process.returncode

    assert asyncio.run(scene()) == ([], -9)


def test_a_child_that_ends_before_it_is_ready_is_reported_with_what_it_said():
    async def scene():
        child = python("print('port taken'); raise SystemExit(1)")
        await child.start()
        await child.json_line()

    with pytest.raises(ProcessError, match="port taken"):
        asyncio.run(scene())


def test_a_child_that_never_gets_ready_is_reported():
    async def scene():
        children = Children()
        child = await children.start(python("import time; print('hm', flush=True); time.sleep(60)"))
        try:
            await child.json_line(timeout_s=0.5)
        finally:
            await children.stop_all()

    with pytest.raises(ProcessError, match="did not get ready"):
        asyncio.run(scene())


def test_the_bare_tick_counts_its_ticks_and_is_read_back(tmp_path):
    async def scene():
        child = micropython_child("bare tick", [ROOT / "tools" / "bare_tick.py", 2], cwd=tmp_path)
        await child.start()
        await asyncio.wait_for(child.process.wait(), 20)
        await child.stop()
        return from_bare_tick(child)

    figures = asyncio.run(scene())
    assert figures["bare_ticks"] == 10
    assert 0 <= figures["bare_tick_late_p99_ms"] <= 200.1
    assert figures["bare_tick_late_max_ms"] >= 0


def test_a_run_without_a_bare_tick_has_no_figure_for_it():
    assert from_bare_tick(None) == {
        "bare_tick_late_p99_ms": None,
        "bare_tick_late_max_ms": None,
        "bare_ticks": None,
    }


def telemetry(count, missed=0, late_max_ms=2, breaches=0):
    reason = {"code": "cap_binds", "zh": "", "en": ""}
    cycle = {"count": count, "missed": missed, "late_p99_ms": 1, "late_max_ms": late_max_ms}
    return {"cycle": cycle, "alarms": [], "guns": [{"id": "gun1", "reason": reason}], "invariant_breaches": breaches}


def test_what_the_station_says_is_counted_and_two_lives_of_the_controller_add_up():
    root = "guangchu/v1/S1/"
    said = [
        ("telemetry", telemetry(5)),
        ("telemetry", telemetry(10, missed=1, late_max_ms=7)),
        ("alarm", {"code": "gun_deaf", "device": "gun2", "active": True}),
        ("alarm", {"code": "meter_stale", "device": "meter", "active": False}),
        ("ack", {"id": "run-1", "result": "accepted"}),
        ("telemetry", telemetry(3, breaches=2)),
    ]

    async def scene():
        async with Broker("station", "secret", 0) as broker:
            subscriber = Subscriber("127.0.0.1", broker.port, "station", "secret", "S1")
            subscriber.start()
            assert await asyncio.to_thread(subscriber.wait_connected, 10)
            station = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
            station.username_pw_set("station", "secret")
            await asyncio.to_thread(station.connect, "127.0.0.1", broker.port)
            station.loop_start()
            await asyncio.sleep(0.3)
            subscriber.command("limit", circuit="grid", limit_w=1, expires_s=1)
            for topic, content in said:
                station.publish(root + topic, json.dumps(content), qos=1)
            station.publish(root + "telemetry", "not json", qos=1)
            deadline_s = time.monotonic() + 10
            while subscriber.messages < len(said) + 1 and time.monotonic() < deadline_s:
                await asyncio.sleep(0.05)
            await asyncio.to_thread(station.disconnect)
            station.loop_stop()
            await asyncio.to_thread(subscriber.stop)
            return from_mqtt(subscriber)

    found = asyncio.run(scene())
    assert found["mqtt_messages"] == len(said) + 1  # our own command is not the station's word
    assert found["mqtt_bad_messages"] == 1
    assert (found["cycles"], found["cycles_missed"], found["invariant_breaches"]) == (13, 1, 2)
    assert (found["cycle_late_max_ms"], found["cycle_late_p99_ms"]) == (7, 1)
    assert found["alarms_seen"] == [{"code": "gun_deaf", "device": "gun2"}]
    assert found["acks_seen"] == ["accepted"]
    assert found["reasons_seen"] == {"gun1": ["cap_binds"]}


def test_figures_are_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "figures.json"
    run_report.write_json(path, {"ok": True, "zh": "光储"})
    assert json.loads(path.read_text(encoding="utf-8")) == {"ok": True, "zh": "光储"}
    assert [each.name for each in path.parent.iterdir()] == ["figures.json"]
    with pytest.raises(TypeError):
        run_report.write_json(path, {"ok": object()})
    assert json.loads(path.read_text(encoding="utf-8"))["ok"] is True
