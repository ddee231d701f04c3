"""What a recorder takes: the compiled checks let through exactly what the schemas of the interface allow."""

import copy
import json
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.platform.sorting import NotUnderstood, Sorter
from tools.view_state import SCHEMAS

ROOT = "guangchu/v1/GC-T/"
PAGE = (Path(__file__).resolve().parents[3] / "docs" / "mqtt.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(each) for each in re.findall(r"```json\n(\{.*?\})\n```", PAGE, re.DOTALL)]
HEAD = {"boot": 7, "seq": 12, "unix_s": None, "at_ms": 5}
SAMPLE = {"cap_w": 1, "grid_w": -2, "base_w": None, "pv_w": [1], "storage_w": [], "soc_permille": [], "ladder": 0,
          "gun_w": [1, None], "grant_w": [1, None]}  # fmt: skip
MESSAGES = [
    ("telemetry", next(each for each in EXAMPLES if "invariant_breaches" in each)),
    ("health", next(each for each in EXAMPLES if "bus" in each)),
    ("journal", next(each for each in EXAMPLES if each.get("kind") == "record")),
    ("journal", {**HEAD, "kind": "sample", "body": SAMPLE}),
    ("journal", {**HEAD, "kind": "start", "body": {"boot": 7}}),
    ("journal", {"boot": 7, "seq": 12, "to": 14, "kind": "gap"}),
    ("status", {"online": True}),
]
VALUES = [None, True, -1, 0, 1, 1.0, 1.5, 2**40, "", "x", "记", [], [1], [1, 2, 3, 4], {}, {"x": 1}, "record", "gap"]


def whole(kind):
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema)


WHOLE = {kind: whole(kind) for kind in {kind for kind, _ in MESSAGES}}


def places(value, path=()):
    """Every path into a message."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inside:
        yield from places(each, (*path, name))


def changed(message, path, value, way):
    """The message with another value there, without it, or with one more beside it."""
    message = copy.deepcopy(message)
    if not path:
        return copy.deepcopy(value)
    inside = message
    for name in path[:-1]:
        inside = inside[name]
    if way == "set":
        inside[path[-1]] = copy.deepcopy(value)
    elif way == "take":
        del inside[path[-1]]
    elif isinstance(inside, dict):
        inside["more"] = copy.deepcopy(value)
    else:
        inside.append(copy.deepcopy(value))
    return message


def taken(sorter, kind, message):
    try:
        return sorter.sort(ROOT + kind, json.dumps(message).encode(), 1) is not None
    except NotUnderstood as error:
        assert str(error).startswith(ROOT + kind)
        return False


SORTER = Sorter()


@pytest.mark.parametrize(("kind", "message"), MESSAGES)
def test_what_the_page_shows_is_taken(kind, message):
    assert WHOLE[kind].is_valid(message) and taken(SORTER, kind, message)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_message_that_was_changed_anywhere_is_judged_as_its_schema_says(data):
    kind, message = data.draw(st.sampled_from(MESSAGES))
    path = data.draw(st.sampled_from(list(places(message))))
    way = data.draw(st.sampled_from(("set", "take", "add")))
    message = changed(message, path, data.draw(st.sampled_from(VALUES)), way)
    assert taken(SORTER, kind, message) == WHOLE[kind].is_valid(message), message


def test_a_refusal_says_where_and_what():
    with pytest.raises(NotUnderstood, match=r"journal: \$\.body\.energy_wh\.grid"):
        record = copy.deepcopy(MESSAGES[2][1])
        record["body"]["energy_wh"]["grid"] = [1, 2]
        SORTER.sort(ROOT + "journal", json.dumps(record).encode(), 1)
