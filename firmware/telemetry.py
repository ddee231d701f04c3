"""What the station tells over MQTT: birth, status and telemetry messages, made from a `StationView`.

Fields, units and meanings are specified in docs/mqtt.md; docs/mqtt/*.schema.json hold every message to it.
"""

import json
import sys

from firmware.texts import ALARMS, GUN_REASONS, STORAGE_REASONS, reason

VERSION = 1
GUN_STATES = ("idle", "preparing", "charging", "suspended", "fault", "unavailable")
QUALITIES = ("absent", "good", "suspect")

_COMPACT = {"separators": (",", ":")}
if sys.implementation.name != "micropython":
    _COMPACT["ensure_ascii"] = False  # MicroPython has no such option and always writes UTF-8


def topic(station_id: str, name: str) -> str:
    """The topic of one kind of message: guangchu/v1/<station id>/<name>."""
    return "guangchu/v%d/%s/%s" % (VERSION, station_id, name)


def to_json(message: dict) -> bytes:
    """A message as compact UTF-8 JSON."""
    return json.dumps(message, **_COMPACT).encode()


def status(online: bool) -> bytes:
    """The `status` message: retained, and `online` false is the last will."""
    return to_json({"online": online})


class StationView:
    """Everything telemetry shows, in one flat record: the application fills it, `Telemetry` reads it.

    Numbers are in the unit of their name, with the signs of the house (grid + import, storage and vehicles + charging,
    PV + generation). None is "not known" and becomes null; it is never a number. Arrays are in the order of the station
    file; `gun_reason` and `storage_reason` are indexes into `control.reasons`; reason arguments are those of the texts
    in `firmware/texts.py`.
    """

    def __init__(self, config: dict):
        devices = config["devices"]
        self.config = config
        self.circuits = [circuit["id"] for circuit in config["circuits"]]
        self.pv_ids = [device["id"] for device in devices if device["role"] == "pv"]
        self.storage_ids = [device["id"] for device in devices if device["role"] == "pcs"]
        self.gun_ids = [device["id"] for device in devices if device["role"] == "gun"]
        self.at_ms = 0
        self.uptime_ms = 0
        self.cap_w = 0
        self.cap_circuit = 0
        self.cap_source = "contract"
        self.grid_w = None
        self.grid_age_ms = None
        self.grid_quality = 0
        self.base_w = None
        self.room_w = 0
        self.pv_w: list = [None] * len(self.pv_ids)
        self.pv_quality = [0] * len(self.pv_ids)
        storages = len(self.storage_ids)
        self.storage_w: list = [None] * storages
        self.storage_setpoint_w: list = [None] * storages
        self.soc_permille: list = [None] * storages
        self.storage_reason = [0] * storages
        self.storage_reason_args: list = [[None, None] for _ in range(storages)]
        guns = len(self.gun_ids)
        self.gun_state: list = [None] * guns
        self.gun_grant_w: list = [None] * guns
        self.gun_held_w: list = [None] * guns
        self.gun_power_w: list = [None] * guns
        self.gun_energy_wh: list = [None] * guns
        self.gun_soc_permille: list = [None] * guns
        self.gun_reason = [0] * guns
        self.gun_reason_args: list = [[None, None, None, None] for _ in range(guns)]
        self.ladder = 0
        self.alarms = []
        self.limits = []
        self.cycle_count = 0
        self.cycle_missed = 0
        self.late_p50_ms = 0
        self.late_p99_ms = 0
        self.late_max_ms = 0
        self.step_us_max = 0
        self.invariant_breaches = 0
        self.estop = False
        self.heap_free = None


class Telemetry:
    """Makes the telemetry message. Its skeleton is built once, so that a second's message costs only its texts."""

    def __init__(self, view: StationView):
        self._view = view
        self.seq = 0
        self._cap = {"w": 0, "circuit": "", "source": ""}
        self._grid = {"w": None, "age_ms": None, "quality": "absent"}
        self._pv = [{"id": each, "w": None, "quality": "absent"} for each in view.pv_ids]
        self._storage = [{"id": each} for each in view.storage_ids]
        self._guns = [{"id": each} for each in view.gun_ids]
        self._cycle = {}
        self._message = {
            "cap": self._cap,
            "grid": self._grid,
            "pv": self._pv,
            "storage": self._storage,
            "guns": self._guns,
            "cycle": self._cycle,
        }

    def message(self) -> dict:
        """The next telemetry message. The dict is the same one each time: encode it before the next call."""
        view = self._view
        self.seq += 1
        message = self._message
        message["seq"] = self.seq
        message["at_ms"] = view.at_ms
        message["base_w"] = view.base_w
        message["room_w"] = view.room_w
        message["ladder"] = view.ladder
        message["alarms"] = view.alarms
        message["limits"] = view.limits
        message["invariant_breaches"] = view.invariant_breaches
        message["estop"] = view.estop
        message["heap_free"] = view.heap_free
        message["uptime_ms"] = view.uptime_ms
        self._fill_sources(view)
        self._fill_storage(view)
        self._fill_guns(view)
        self._fill_cycle(view)
        return message

    def again(self) -> dict:
        """The message that `message` gave last."""
        return self._message

    def payload(self) -> bytes:
        """The next telemetry message as it goes out."""
        return to_json(self.message())

    def _fill_sources(self, view) -> None:
        self._cap["w"] = view.cap_w
        self._cap["circuit"] = view.circuits[view.cap_circuit]
        self._cap["source"] = view.cap_source
        self._grid["w"] = view.grid_w
        self._grid["age_ms"] = view.grid_age_ms
        self._grid["quality"] = QUALITIES[view.grid_quality]
        for at in range(len(self._pv)):
            self._pv[at]["w"] = view.pv_w[at]
            self._pv[at]["quality"] = QUALITIES[view.pv_quality[at]]

    def _fill_storage(self, view) -> None:
        for at in range(len(self._storage)):
            storage = self._storage[at]
            code = STORAGE_REASONS[view.storage_reason[at]]
            storage["w"] = view.storage_w[at]
            storage["setpoint_w"] = view.storage_setpoint_w[at]
            storage["soc_permille"] = view.soc_permille[at]
            storage["reason"] = reason(code, view.storage_reason_args[at], view.circuits)

    def _fill_guns(self, view) -> None:
        for at in range(len(self._guns)):
            gun = self._guns[at]
            state = view.gun_state[at]
            gun["state"] = None if state is None else GUN_STATES[state]
            gun["grant_w"] = view.gun_grant_w[at]
            gun["held_w"] = view.gun_held_w[at]
            gun["power_w"] = view.gun_power_w[at]
            gun["energy_wh"] = view.gun_energy_wh[at]
            gun["soc_permille"] = view.gun_soc_permille[at]
            gun["reason"] = reason(GUN_REASONS[view.gun_reason[at]], view.gun_reason_args[at], view.circuits)

    def _fill_cycle(self, view) -> None:
        cycle = self._cycle
        cycle["count"] = view.cycle_count
        cycle["missed"] = view.cycle_missed
        cycle["late_p50_ms"] = view.late_p50_ms
        cycle["late_p99_ms"] = view.late_p99_ms
        cycle["late_max_ms"] = view.late_max_ms
        cycle["step_us_max"] = view.step_us_max


_DEVICE_KEYS = ("id", "role", "profile", "bus", "unit", "connector", "circuit", "class", "bms")
_DEVICE_KEYS += ("phases", "rated_w", "min_w", "max_w", "fallback_w", "watchdog_s", "beta")


def birth(config: dict, firmware_version: str, boot: int) -> bytes:
    """The `birth` message: who the station is and what it is made of. `boot` counts its starts, 0 and up."""
    station = config["station"]
    circuits = [{key: each[key] for key in ("id", "parent", "cap_w")} for each in config["circuits"]]
    devices = [{key: each[key] for key in _DEVICE_KEYS if key in each} for each in config["devices"]]
    return to_json(
        {
            "station": station["id"],
            "name": station["name"],
            "firmware": firmware_version,
            "boot": boot,
            "board": config["board"],
            "cycle_ms": config["cycle_ms"],
            "headroom_permille": config["headroom_permille"],
            "circuits": circuits,
            "devices": devices,
            "gun_reasons": GUN_REASONS,
            "storage_reasons": STORAGE_REASONS,
            "alarms": ALARMS,
        }
    )
