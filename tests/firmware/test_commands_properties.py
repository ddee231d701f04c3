"""Whatever a command holds, it is answered, and no limit in force is ever loosened by it."""

import json
import tempfile
from pathlib import Path

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from control.station import Station
from firmware import signing
from firmware.clock import Clock
from firmware.commands import Commands
from firmware.emergency_stop import EmergencyStop
from firmware.limits import LimitsInForce
from firmware.running import Running
from tests.firmware.telemetry_station import CONFIG

CIRCUITS = [{"id": "grid", "cap_w": 400000}, {"id": "ac-row", "cap_w": 22000}]
SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "mqtt"
ACK = jsonschema.Draft202012Validator(json.loads((SCHEMAS / "ack.schema.json").read_text(encoding="utf-8")))

TOPIC = b"guangchu/v1/GC-T/command"


def new_commands(limits=None):
    return Commands("GC-T", limits or LimitsInForce(CIRCUITS), EmergencyStop(None, None, False), Clock(0))


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "id": ANY | st.sampled_from(["a", "b", "c"]),
        "type": ANY | st.sampled_from(["limit", "emergency_stop", "Limit"]),
        "circuit": ANY | st.sampled_from(["grid", "ac-row"]),
        "limit_w": ANY | st.integers(-5, 500_000),
        "expires_s": ANY | st.integers(-5, 90_000),
        "more": ANY,
    },
)
LIMITS = st.fixed_dictionaries(
    {
        "id": st.sampled_from("abcdefgh"),
        "type": st.just("limit"),
        "circuit": st.sampled_from(["grid", "ac-row"]),
        "limit_w": st.integers(0, 420_000),
        "expires_s": st.integers(1, 300),
    }
)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=1100))
def test_any_bytes_are_answered(payload):
    ACK.validate(new_commands().handle(TOPIC, payload, 0))


@settings(max_examples=200, deadline=None)
@given(FIELDS | ANY)
def test_any_json_is_answered_and_stops_only_when_it_says_so(message):
    commands = new_commands()
    ack = commands.handle(TOPIC, json.dumps(message).encode(), 0)
    ACK.validate(ack)
    json.dumps(ack, ensure_ascii=False).encode()
    asks_to_stop = isinstance(message, dict) and message.get("type") == "emergency_stop"
    text = json.dumps(message)
    if len(text) <= 1024 and text.count("{") + text.count("[") <= 8:
        assert commands.stop.active == asks_to_stop
    if ack["result"] == "refused":
        assert commands.limits.items(0) == []


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(LIMITS, st.integers(0, 60_000)), max_size=25))
def test_no_sequence_of_limits_loosens_what_an_earlier_one_ordered(orders):
    limits = LimitsInForce(CIRCUITS)
    commands = new_commands(limits)
    now_ms = (1 << 30) - 30_000  # so that some sequences pass over the wrap of the ticks
    elapsed_ms = 0
    accepted = []
    answered = {}
    for order, pause_ms in orders:
        elapsed_ms += pause_ms
        ticks = (now_ms + elapsed_ms) & ((1 << 30) - 1)
        before = [limits.effective_w(circuit, ticks) for circuit in (0, 1)]
        ack = commands.handle(TOPIC, json.dumps(order).encode(), ticks)
        after = [limits.effective_w(circuit, ticks) for circuit in (0, 1)]
        assert after[0] <= before[0] and after[1] <= before[1]
        repeated = answered.get(order["id"]) == order
        if ack["result"] == "accepted" and not repeated:
            accepted.append((order, elapsed_ms))
        if ack["code"] != "id_reused":
            answered[order["id"]] = order
        for circuit, name in enumerate(("grid", "ac-row")):
            for past, since_ms in accepted:
                if past["circuit"] == name and elapsed_ms - since_ms < past["expires_s"] * 1000:
                    assert after[circuit] <= past["limit_w"]


KEY = b"k" * 32
KEYS = {"operator": b"o" * 32, "grid": b"g" * 32, "service": b"s" * 32}
OF_A_TYPE = {
    "limit": {"circuit": "grid", "limit_w": 5, "expires_s": 60},
    "dispatch": {"storage_w": -5, "expires_s": 60},
    "gun": {"gun": "gun1", "action": "stop", "expires_s": 60},
    "maintenance": {"action": "out_of_service", "gun": "gun2"},
    "config": {"telemetry_ms": 5000},
}
SIGNED = st.fixed_dictionaries(
    {},
    optional={
        "id": ANY | st.sampled_from(["a", "b"]),
        "type": ANY | st.sampled_from(["emergency_stop", "time", "tariff"]),
        "station": ANY | st.just("GC-T"),
        "authority": ANY | st.sampled_from(sorted(KEYS)),
        "issued": ANY | st.integers(1_799_999_990, 1_800_000_080),
        "expires": ANY | st.integers(1_800_000_000, 1_800_000_100),
        "counter": ANY | st.integers(0, 20),
        "circuit": ANY | st.sampled_from(["grid", "hall"]),
        "limit_w": ANY | st.integers(-5, 500_000),
        "expires_s": ANY | st.integers(-5, 90_000),
        "asked": ANY,
        "gun": ANY | st.sampled_from(["gun1", "gun2", "gun3"]),
        "action": ANY | st.sampled_from(["limit", "stop", "start", "restart", "in_service", "out_of_service"]),
        "storage_w": ANY | st.integers(-300_000, 300_000),
        "telemetry_ms": ANY | st.integers(0, 70_000),
    },
)


def in_force(commands):
    """All that a refused command must leave as it was."""
    orders = commands.limits.orders
    told = [] if orders is None else orders.items(0) + [orders.dispatch(0)]
    return [each for each in told if each], commands.limits.items(0), commands.telemetry_ms, commands.leaves


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(OF_A_TYPE)), SIGNED), max_size=3), st.booleans())
def test_whatever_a_key_holder_signs_is_answered_and_never_gets_above_the_contract(messages, known):
    with tempfile.TemporaryDirectory() as folder:
        station, clock = Station(CONFIG), Clock(0)
        stop, circuits, sources = EmergencyStop(None, None, False), CONFIG["circuits"], ("mqtt", "operator", "grid")
        limits = LimitsInForce(circuits, sources)
        clock.set(1_800_000_000, "ntp", 10, 0)
        clock.source = "ntp" if known else ""
        running = Running(None, station, {}, [], None, limits, stop, None, None)
        commands = Commands("GC-T", limits, stop, clock, KEYS, None, folder, running)
        for number, (kind, content) in enumerate(messages):
            authority = "service" if kind in ("maintenance", "config") else "operator"
            command = {"id": f"c{number}", "type": kind, "station": "GC-T", "authority": authority}
            command |= {"issued": 1_800_000_000, "expires": 1_800_000_060, "counter": number + 1}
            command |= OF_A_TYPE[kind] | content
            body = json.dumps(command).encode()[:-1]
            before = in_force(commands)
            key = KEYS.get(command["authority"], KEYS["grid"]) if isinstance(command["authority"], str) else b"k" * 32
            message = body + b',"mac":"' + signing.mac(key, TOPIC, body) + b'"}'
            ack = commands.handle(TOPIC, message, 0)
            ACK.validate(ack)
            assert commands.handle(TOPIC, message, 0)["code"] in (ack["code"], "replayed")
            if ack["result"] == "refused":
                assert in_force(commands) == before
            assert limits.effective_w(0, 0) <= 400_000 and limits.effective_w(1, 0) <= 300_000
            if limits.orders is not None:
                limits.orders.take(station.inputs, 0)
            for at, permitted_w in enumerate(station.inputs.gun_limit_w):
                assert -1 <= permitted_w <= station.max_w[at]
        assert commands.accepted + commands.refused + commands.repeated == 2 * len(messages)
        again = Commands("GC-T", LimitsInForce(circuits, sources), stop, clock, KEYS, None, folder, running)
        again.restore(0)
        assert in_force(again)[:3] == in_force(commands)[:3]


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_before_a_right_signature_are_answered(body, wraps):
    with tempfile.TemporaryDirectory() as folder:
        body = b'{"id":' + body if wraps else body
        stop = EmergencyStop(None, None, False)
        commands = Commands("GC-T", LimitsInForce(CIRCUITS), stop, Clock(0), {"grid": KEY}, None, folder)
        ack = commands.handle(TOPIC, body + b',"mac":"' + signing.mac(KEY, TOPIC, body) + b'"}', 0)
        ACK.validate(ack)
        assert ack["result"] == "refused"
