"""What the station tells over MQTT of the present: the `telemetry` message, and what all messages have in common.

Fields, units and meanings are specified in docs/mqtt.md; docs/mqtt/*.schema.json hold every message to it.
"""

import gc
import json
import sys

from control.reasons import GUN_REASONS, STORAGE_REASONS
from drivers.reading import ABSENT
from drivers.ticks import ticks_diff
from firmware.explain import explain_gun, explain_storage
from firmware.texts import reason

VERSION = 1
GUN_STATES = ("idle", "preparing", "charging", "suspended", "fault", "unavailable")
_QUALITIES = ("absent", "good", "suspect")

MOST_ALARMS = 32  # all that can stand
_COMPACT = {"separators": (",", ":")}
if sys.implementation.name != "micropython":
    _COMPACT["ensure_ascii"] = False  # MicroPython has no such option and always writes UTF-8


def topic(station_id: str, name: str) -> str:
    """The topic of one kind of message: guangchu/v1/<station id>/<name>."""
    return "guangchu/v%d/%s/%s" % (VERSION, station_id, name)


def to_json(message) -> bytes:
    """A message as compact UTF-8 JSON."""
    return json.dumps(message, **_COMPACT).encode()


def status(online: bool) -> bytes:
    """The `status` message: retained, and `online` false is the last will."""
    return to_json({"online": online})


def value(reading) -> int | None:
    """The reading's value, or None when there is none to be trusted at all."""
    return None if reading is None or reading.quality == ABSENT else reading.value


class Telemetry:
    """The parts of the station as telemetry and reports see them, bound once. station: control.station.Station.
    devices: dict id -> Device. limits: LimitsInForce. cycle: Cycle. stop: EmergencyStop. alarms: Alarms.

    `guns`, `pvs` and `storages` are the devices in the order of the station file, `bms` the battery of each storage,
    `grid` the power reading at the grid connection. `seq` is the number of the
    message, counted by who sends it, `most_alarms` of how many it tells: fewer than stand where memory is short.
    """

    def __init__(self, config, station, devices, limits, cycle, stop, alarms, now_ms):
        self.station, self.limits, self.stop, self.alarms = station, limits, stop, alarms
        self._cycle = cycle
        root, listed = station.circuit_ids[station.root], config["devices"]
        self.guns = [devices[each["id"]] for each in listed if each["role"] == "gun"]
        self.pvs = [devices[each["id"]] for each in listed if each["role"] == "pv"]
        self.storages = [devices[each["id"]] for each in listed if each["role"] == "pcs"]
        self.bms = [devices[each["bms"]] for each in listed if each["role"] == "pcs"]
        self.cabinets = [devices[each["id"]] for each in listed if each["role"] == "cabinet"]
        self.grid = None
        for each in listed:
            if each["role"] == "meter" and each["circuit"] == root:
                self.grid = devices[each["id"]].readings["power_w"]
        self.seq = self.uptime_ms = 0
        self.most_alarms = MOST_ALARMS
        self._at_ms = now_ms

    def pieces(self, now_ms: int, unix_s: int | None):
        """The telemetry message `self.seq` in pieces of bytes. unix_s: the time of day, as far as it is known.

        In pieces, since a board has no place for all of it as objects, and none to spare for all of it as text.
        """
        yield to_json(self._head(now_ms, unix_s))[:-1]
        yield b',"pv":['
        comma = b""
        for pv in self.pvs:
            power = pv.readings["power_w"]
            yield comma + to_json({"id": pv.id, "w": value(power), "quality": _QUALITIES[power.quality]})
            comma = b","
        for name, count, part in (
            (b'],"storage":[', len(self.storages), self._storage), (b'],"guns":[', len(self.guns), self._gun)
        ):
            yield name
            for at in range(count):
                yield b"," + to_json(part(at)) if at else to_json(part(at))
        if self.cabinets:
            from firmware.cabinet_watch import told

            yield b'],"cabinets":' + to_json([told(each) for each in self.cabinets])[:-1]
        limits, orders = self.limits.items(now_ms), self.limits.orders
        for name, listed in ((b'],"alarms":[', self.alarms.active()[: self.most_alarms]),
                             (b'],"limits":[', limits if orders is None else limits + orders.items(now_ms))):
            yield name
            for at in range(len(listed)):
                yield b"," + to_json(listed[at]) if at else to_json(listed[at])
        yield b"]," + to_json(self._tail(now_ms, orders))[1:]

    def _head(self, now_ms, unix_s):
        station, grid = self.station, self.grid
        grid_w = value(grid)
        cap = {"w": station.cap_w, "circuit": station.circuit_ids[station.root]}
        cap["source"] = self.limits.source(station.root, now_ms)
        age_ms = None if grid_w is None else max(0, ticks_diff(now_ms, grid.at_ms))
        return {
            "seq": self.seq,
            "at_ms": now_ms,
            "unix_s": unix_s,
            "cap": cap,
            "grid": {"w": grid_w, "age_ms": age_ms, "quality": _QUALITIES[ABSENT if grid is None else grid.quality]},
            "base_w": station.base_w if station.base_known else None,
            "room_w": station.room_w,
            "ladder": station.ladder,
            "invariant_breaches": station.invariant_breaches,
            "estop": bool(self.stop.active),
        }

    def _tail(self, now_ms, orders):
        cycle = self._cycle
        self.uptime_ms += max(0, ticks_diff(now_ms, self._at_ms))
        self._at_ms = now_ms
        tail = {} if orders is None else orders.dispatch(now_ms)
        tail.update({
            "cycle": {
                "count": cycle.count,
                "missed": cycle.missed,
                "late_p50_ms": cycle.late_ms_at(500),
                "late_p99_ms": cycle.late_ms_at(990),
                "late_max_ms": cycle.late_max_ms,
                "step_us_max": cycle.step_us_max,
            },
            "heap_free": gc.mem_free() if hasattr(gc, "mem_free") else None,
            "uptime_ms": self.uptime_ms,
        })  # fmt: skip
        return tail

    def _storage(self, at):
        station, pcs, args = self.station, self.storages[at], [None, None]
        setpoint = pcs.setpoints["power_w"]
        explain_storage(station, args)
        return {
            "id": pcs.id,
            "w": value(pcs.readings.get("power_w")),
            "setpoint_w": setpoint.held if setpoint.held_known else None,
            "soc_permille": value(self.bms[at].readings.get("soc_permille")),
            "reason": reason(STORAGE_REASONS[station.storage_reason], args, station.circuit_ids),
        }

    def _gun(self, at):
        station, gun, args = self.station, self.guns[at], [None, None, None, None]
        state, limit = value(gun.readings.get("state")), gun.setpoints["limit_w"]
        explain_gun(station, at, args)
        return {
            "id": gun.id,
            "state": None if state is None else GUN_STATES[state],
            "grant_w": station.grant_w[at] if station.grant_w[at] >= 0 else None,
            "held_w": limit.held if limit.held_known else None,
            "power_w": value(gun.readings.get("power_w")),
            "energy_wh": value(gun.readings.get("energy_wh")),
            "soc_permille": value(gun.readings.get("soc_permille")),
            "reason": reason(GUN_REASONS[station.reason[at]], args, station.circuit_ids),
        }

    def sign(self) -> int:
        """Another number whenever something is new that somebody would want to know at once: a reason, a step of the
        ladder, an emergency stop, an alarm."""
        station = self.station
        sign = station.storage_reason + 32 * station.ladder + 512 * (self.alarms.seq & 0x3FFF)
        if self.stop.active:
            sign += 256
        for code in station.reason:
            sign = (sign * 33 + code) & 0xFFFFFF  # times 33 it still fits 31 bits
        return sign
