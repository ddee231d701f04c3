"""A message of a station, sorted into the rows of the store."""

import json

import fastjsonschema
import jsonschema

from tools.platform import link
from tools.view_state import message_checks

_NUMBERED = "journal"
_DRAFT_7 = "http://json-schema.org/draft-07/schema"
_LATEST = ("status", "birth", "state", "telemetry", "capability", "health")


class NotUnderstood(Exception):
    """A message on a topic of ours that does not follow its schema; the text names topic and place."""


def _in_draft_7(schema):
    """fastjsonschema knows the drafts up to 7. Of the keywords in our schemas only those of tuples are newer."""
    if isinstance(schema, list):
        return [_in_draft_7(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _in_draft_7(value) for name, value in schema.items()}
    if "prefixItems" in made:
        made["additionalItems"], made["items"] = made.pop("items", True), made.pop("prefixItems")
    return made


class _Check:
    """One schema, compiled: checking takes most of a recorder's time otherwise. What it refuses, jsonschema judges: it
    says what is wrong."""

    def __init__(self, whole: jsonschema.Draft202012Validator):
        self._whole = whole
        self._quick = fastjsonschema.compile(_in_draft_7({**whole.schema, "$schema": _DRAFT_7}))

    def validate(self, message) -> None:
        try:
            self._quick(message)
        except fastjsonschema.JsonSchemaValueException:
            self._whole.validate(message)


class _CheckByKind:
    """The journal's schema has a branch for each kind; only that of an entry's own is tried."""

    def __init__(self, whole: jsonschema.Draft202012Validator):
        self._whole = whole
        branches = whole.schema["oneOf"]
        self._checks = {each["properties"]["kind"]["const"]: _Check(whole.evolve(schema=each)) for each in branches}

    def validate(self, message) -> None:
        kind = message.get("kind") if isinstance(message, dict) else None
        (self._checks.get(kind, self._whole) if isinstance(kind, str) else self._whole).validate(message)


class Sorter:
    """`sort` gives (table name, row), or None for a topic that is not recorded."""

    def __init__(self):
        checks = message_checks((_NUMBERED, *_LATEST))
        self._checks = {kind: _Check(checks[kind]) for kind in _LATEST}
        self._checks[_NUMBERED] = _CheckByKind(checks[_NUMBERED])

    def sort(self, topic: str, payload: bytes, received_unix_ms: int) -> tuple[str, dict] | None:
        """Raises NotUnderstood."""
        station, kind = link.split(topic) or ("", "")
        if kind not in self._checks:
            return None
        try:
            message = json.loads(payload)
            self._checks[kind].validate(message)
        except (ValueError, RecursionError) as error:
            raise NotUnderstood(f"{topic}: {error}") from error
        except jsonschema.ValidationError as error:
            raise NotUnderstood(f"{topic}: {error.json_path}: {error.message:.100}") from error
        row = {"station": station, "received_unix_ms": received_unix_ms}
        if kind != _NUMBERED:
            return "latest", {**row, "kind": kind, "body": payload.decode()}
        row |= {"boot": message["boot"]}
        if message["kind"] == "gap":
            return "given_up", {**row, "first_seq": message["seq"], "last_seq": message["to"]}
        known = {name: message[name] for name in ("seq", "kind", "unix_s", "at_ms")}
        return "entry", {**row, **known, "body": json.dumps(message["body"], ensure_ascii=False, separators=(",", ":"))}
