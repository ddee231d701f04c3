"""A message of a station, sorted into the rows of the store."""

import json

import jsonschema

from tools.platform import link
from tools.view_state import message_checks

_NUMBERED = "journal"
_LATEST = ("status", "birth", "state", "telemetry", "capability", "health")


class NotUnderstood(Exception):
    """A message on a topic of ours that does not follow its schema; the text names topic and place."""


class Sorter:
    """`sort` gives (table name, row), or None for a topic that is not recorded."""

    def __init__(self):
        self._checks = message_checks((_NUMBERED, *_LATEST))

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
