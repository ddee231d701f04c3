"""What a message on the `command` topic may ask for, and the answer it gets.

A command can only add a limit that tightens, or stop everything. Nothing in here raises for what a message contains:
every message, however hostile, gets an answer, and a refused one changes nothing.
"""

import json

from firmware.limits import MAX_EXPIRES_S, LimitsInForce
from firmware.texts import ACK_TEXTS, fill

MAX_BYTES = 1024
_MAX_ID = 64
_REMEMBERED = 16
_LIMIT_FIELDS = ("id", "type", "circuit", "limit_w", "expires_s")


class Commands:
    """Checks and applies commands of one source (an index into `limits.sources`).

    `emergency_stop` is set by a stop command and cleared only by the application, after the release on site. Counters:
    `accepted`, `refused`, `repeated`.
    """

    def __init__(self, limits: LimitsInForce, source_index: int = 0):
        self._limits = limits
        self._source_index = source_index
        self._remembered = []
        self.emergency_stop = False
        self.accepted = 0
        self.refused = 0
        self.repeated = 0

    def handle(self, payload: bytes | None, now_ms: int) -> dict:
        """Apply one message and give its answer: {"id", "result", "code", "zh", "en"}.

        `payload` None is a message that was too large to be kept. An id that is no proper id is answered as "".
        """
        if payload is None or len(payload) > MAX_BYTES:
            return self._refuse("", "too_large", (len(payload) if payload else "> %d" % MAX_BYTES, MAX_BYTES))
        try:
            command = json.loads(payload)
        except (ValueError, RuntimeError, MemoryError):
            # RuntimeError: CPython's RecursionError for a thousand nested brackets
            command = None
        if not isinstance(command, dict):
            return self._refuse("", "bad_json", ())
        command_id = command.get("id")
        known_id = _is_proper_id(command_id)
        kind = command.get("type")
        if kind == "emergency_stop":
            # Stopping is always safe, so neither a missing id nor one that was used before stands in its way.
            return self._stop(command_id if known_id else "")
        if not known_id:
            return self._refuse("", "bad_id", ())
        if kind != "limit":
            return self._refuse(command_id, "not_supported", (_shown(kind), "limit, emergency_stop"))
        return self._limit(command_id, command, now_ms)

    def _stop(self, command_id: str) -> dict:
        self.emergency_stop = True
        self.accepted += 1
        ack = self._ack(command_id, "accepted", "stopped", ())
        if command_id and self._recall(command_id) is None:
            self._remember(command_id, ("emergency_stop",), ack)
        return ack

    def _limit(self, command_id: str, command: dict, now_ms: int) -> dict:
        for field in command:
            if field not in _LIMIT_FIELDS:
                return self._bad_field(command_id, "name", field, ", ".join(_LIMIT_FIELDS))
        circuit = command.get("circuit")
        limit_w = command.get("limit_w")
        expires_s = command.get("expires_s")
        if not isinstance(circuit, str):
            return self._bad_field(command_id, "circuit", circuit, "a circuit id")
        if circuit not in self._limits.circuits:
            return self._refuse(command_id, "unknown_circuit", (_shown(circuit), ", ".join(self._limits.circuits)))
        circuit_index = self._limits.circuits.index(circuit)
        if not _is_int_in(limit_w, 0, 10_000_000):
            return self._bad_field(command_id, "limit_w", limit_w, "0..10000000 W")
        if not _is_int_in(expires_s, 1, MAX_EXPIRES_S):
            return self._bad_field(command_id, "expires_s", expires_s, "1..%d s" % MAX_EXPIRES_S)

        content = ("limit", circuit_index, limit_w, expires_s)
        before = self._recall(command_id)
        if before is not None:
            if before[1] != content:
                return self._refuse(command_id, "id_reused", ())
            self.repeated += 1
            return before[2]
        ack = self._tighten(command_id, circuit_index, limit_w, expires_s, now_ms)
        self._remember(command_id, content, ack)
        return ack

    def _tighten(self, command_id: str, circuit_index: int, limit_w: int, expires_s: int, now_ms: int) -> dict:
        in_force_w = self._limits.limit_w(self._source_index, circuit_index, now_ms)
        if in_force_w < 0:
            in_force_w = self._limits.cap_w(circuit_index)
        if limit_w > in_force_w:
            return self._refuse(command_id, "would_loosen", (in_force_w, limit_w))
        self._limits.tighten(self._source_index, circuit_index, limit_w, expires_s, now_ms)
        self.accepted += 1
        return self._ack(command_id, "accepted", "limit_set", (circuit_index, limit_w, expires_s))

    def _recall(self, command_id: str) -> tuple | None:
        for each in self._remembered:
            if each[0] == command_id:
                return each
        return None

    def _remember(self, command_id: str, content: tuple, ack: dict) -> None:
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.pop(0)
        self._remembered.append((command_id, content, ack))

    def _bad_field(self, command_id: str, field: str, found, allowed: str) -> dict:
        return self._refuse(command_id, "bad_field", (field, _shown(found), allowed))

    def _refuse(self, command_id: str, code: str, args: tuple) -> dict:
        self.refused += 1
        return self._ack(command_id, "refused", code, args)

    def _ack(self, command_id: str, result: str, code: str, args: tuple) -> dict:
        zh, en = ACK_TEXTS[code]
        circuits = self._limits.circuits
        return {
            "id": command_id,
            "result": result,
            "code": code,
            "zh": fill(zh, args, circuits),
            "en": fill(en, args, circuits),
        }


def _is_printable(text: str) -> bool:
    for char in text:
        if not " " <= char <= "~":
            return False
    return True


def _is_proper_id(value) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= _MAX_ID and _is_printable(value)


def _is_int_in(value, least: int, most: int) -> bool:
    """A whole number in range; True and False are no numbers here, though Python counts them as 1 and 0."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _shown(value) -> str:
    """What was found, short and printable: an answer must not carry a hostile message onwards."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        text = '"%s"' % value[:24]
        return text if _is_printable(text) else "unprintable text"
    text = str(value)
    return text if len(text) <= 24 else text[:24] + "..."
