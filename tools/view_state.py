"""What the view knows of a station: the last good message of each kind, and when something was last heard."""

import json
from pathlib import Path

import jsonschema

SCHEMAS = Path(__file__).resolve().parent.parent / "docs" / "mqtt"
SILENT_AFTER_S = 3.0


class State:
    """Fed with messages by `take`; a message that is not understood is counted and changes nothing else."""

    def __init__(self, station: str):
        self.station = station
        self.root = f"guangchu/v1/{station}/"
        self.linked = False  # to the broker, not to the station
        self.online = None  # what the station's status (or its last will) says
        self.birth = None
        self.telemetry = None
        self.telemetry_s = None
        self.alarm_count = 0
        self.messages = 0
        self.not_understood = 0
        self.last_problem = ""
        self._checks = message_checks(("status", "birth", "telemetry", "alarm"))

    def take(self, topic: str, payload: bytes, now_s: float) -> None:
        """One message as it came; `now_s` any monotonic clock in s."""
        kind = topic[len(self.root) :] if topic.startswith(self.root) else ""
        if kind not in self._checks:
            return
        self.messages += 1
        try:
            message = json.loads(payload)
            self._checks[kind].validate(message)
        except (ValueError, RecursionError) as error:
            self._refuse(kind, str(error))
        except jsonschema.ValidationError as error:
            self._refuse(kind, f"{error.json_path}: {error.message}")
        else:
            self._keep(kind, message, now_s)

    def _refuse(self, kind: str, problem: str) -> None:
        self.not_understood += 1
        self.last_problem = f"{kind}: {problem[:120]}"

    def _keep(self, kind: str, message: dict, now_s: float) -> None:
        if kind == "status":
            self.online = message["online"]
        elif kind == "birth":
            self.birth = message
        elif kind == "telemetry":
            self.telemetry = message
            self.telemetry_s = now_s
        elif message["active"]:
            self.alarm_count += 1

    def age_s(self, now_s: float) -> float | None:
        """Age of the last telemetry in s; None before the first."""
        return None if self.telemetry_s is None else max(0.0, now_s - self.telemetry_s)

    def silent(self, now_s: float) -> bool:
        """What is shown is not the present: nothing was heard for 3 s (three messages), or ever."""
        age_s = self.age_s(now_s)
        return age_s is None or age_s > SILENT_AFTER_S

    def gun_max_w(self, gun: str) -> int | None:
        """Largest power of the gun by the station's birth message, W."""
        for device in (self.birth or {}).get("devices", ()):
            if device["id"] == gun:
                return device.get("max_w")
        return None


def message_checks(kinds) -> dict:
    """{kind: validator} by the schemas of the interface; `validate(message)` raises jsonschema.ValidationError."""
    schemas = {kind: json.loads((SCHEMAS / f"{kind}.schema.json").read_text(encoding="utf-8")) for kind in kinds}
    return {kind: jsonschema.Draft202012Validator(schema) for kind, schema in schemas.items()}
