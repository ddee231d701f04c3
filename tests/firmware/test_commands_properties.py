"""Whatever a command holds, it is answered, and no limit in force is ever loosened by it."""

import json
from pathlib import Path

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.commands import Commands
from firmware.limits import LimitsInForce

CIRCUITS = [{"id": "grid", "cap_w": 400000}, {"id": "ac-row", "cap_w": 22000}]
SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "mqtt"
ACK = jsonschema.Draft202012Validator(json.loads((SCHEMAS / "ack.schema.json").read_text(encoding="utf-8")))

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


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=1100))
def test_any_bytes_are_answered(payload):
    ACK.validate(Commands(LimitsInForce(CIRCUITS)).handle(payload, 0))


@settings(max_examples=500, deadline=None)
@given(FIELDS | ANY)
def test_any_json_is_answered_and_stops_only_when_it_says_so(message):
    commands = Commands(LimitsInForce(CIRCUITS))
    ack = commands.handle(json.dumps(message).encode(), 0)
    ACK.validate(ack)
    json.dumps(ack, ensure_ascii=False).encode()
    asks_to_stop = isinstance(message, dict) and message.get("type") == "emergency_stop"
    if len(json.dumps(message)) <= 1024:
        assert commands.emergency_stop == asks_to_stop
    if ack["result"] == "refused":
        assert commands._limits.items(0) == []


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(LIMITS, st.integers(0, 60_000)), max_size=25))
def test_no_sequence_of_limits_loosens_what_an_earlier_one_ordered(orders):
    limits = LimitsInForce(CIRCUITS)
    commands = Commands(limits)
    now_ms = (1 << 30) - 30_000  # so that some sequences pass over the wrap of the ticks
    elapsed_ms = 0
    accepted = []
    answered = {}
    for order, pause_ms in orders:
        elapsed_ms += pause_ms
        ticks = (now_ms + elapsed_ms) & ((1 << 30) - 1)
        before = [limits.effective_w(circuit, ticks) for circuit in (0, 1)]
        ack = commands.handle(json.dumps(order).encode(), ticks)
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
