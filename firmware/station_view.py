"""The running station -> the record that telemetry shows. Called once per telemetry message, never in the cycle."""

import gc

from control import reasons
from drivers.reading import ABSENT
from drivers.ticks import ticks_diff
from firmware.telemetry import StationView


class LiveView(StationView):
    """Binds the parts of the station once; `fill(now_ms)` copies what they show now.

    station: control.station.Station. devices: dict id -> Device. limits: LimitsInForce. cycle: Cycle. stop:
    EmergencyStop. alarms: Alarms.
    """

    def __init__(self, config, station, devices, limits, cycle, stop, alarms, now_ms):
        super().__init__(config)
        self.circuits = station.circuit_ids  # with the phases of circuits that have their own caps
        self._station = station
        self._limits = limits
        self._cycle = cycle
        self._stop = stop
        self._alarms = alarms
        self._guns = [devices[each] for each in self.gun_ids]
        self._pv = [devices[each] for each in self.pv_ids]
        self._pcs = [devices[each] for each in self.storage_ids]
        bms_of = {each["id"]: each.get("bms") for each in config["devices"] if each["role"] == "pcs"}
        self._bms = [devices.get(bms_of[each]) for each in self.storage_ids]
        self._meter = None
        for each in config["devices"]:
            if each["role"] == "meter":
                self._meter = devices[each["id"]]
        self.at_ms = now_ms

    def fill(self, now_ms: int) -> None:
        self.uptime_ms += max(0, ticks_diff(now_ms, self.at_ms))
        self.at_ms = now_ms
        self._fill_grid(now_ms)
        for at in range(len(self._pv)):
            reading = self._pv[at].readings["power_w"]
            self.pv_w[at] = _value(reading)
            self.pv_quality[at] = reading.quality
        for at in range(len(self._pcs)):
            self._fill_storage(at)
        for at in range(len(self._guns)):
            self._fill_gun(at)
        self._fill_health(now_ms)

    def _fill_grid(self, now_ms) -> None:
        station = self._station
        self.cap_w = station.cap_w
        self.cap_circuit = station.root
        self.cap_source = self._limits.source(station.root, now_ms)
        self.base_w = station.base_w if station.base_known else None
        self.room_w = station.room_w
        self.ladder = station.ladder
        reading = self._meter.readings["power_w"] if self._meter is not None else None
        self.grid_w = _value(reading)
        self.grid_quality = ABSENT if reading is None else reading.quality
        self.grid_age_ms = None if self.grid_w is None else max(0, ticks_diff(now_ms, reading.at_ms))

    def _fill_storage(self, at) -> None:
        station = self._station
        self.storage_w[at] = _value(self._pcs[at].readings.get("power_w"))
        setpoint = self._pcs[at].setpoints["power_w"]
        self.storage_setpoint_w[at] = setpoint.held if setpoint.held_known else None
        bms = self._bms[at]
        self.soc_permille[at] = _value(bms.readings.get("soc_permille")) if bms is not None else None
        code = station.storage_reason
        self.storage_reason[at] = code
        args = self.storage_reason_args[at]
        args[0], args[1] = abs(station.storage_setpoint_w), None
        if code == reasons.STORAGE_SOC_RESERVE:
            args[0] = station.reserve_soc_permille
        elif code == reasons.STORAGE_BMS_LIMIT:
            args[0], args[1] = station.inputs.charge_max_w, station.inputs.discharge_max_w

    def _fill_gun(self, at) -> None:
        station = self._station
        gun = self._guns[at]
        limit = gun.setpoints["limit_w"]
        grant_w = station.grant_w[at]
        self.gun_state[at] = _value(gun.readings.get("state"))
        self.gun_grant_w[at] = grant_w if grant_w >= 0 else None
        self.gun_held_w[at] = limit.held if limit.held_known else None
        self.gun_power_w[at] = _value(gun.readings.get("power_w"))
        self.gun_energy_wh[at] = _value(gun.readings.get("energy_wh"))
        self.gun_soc_permille[at] = _value(gun.readings.get("soc_permille"))
        self.gun_reason[at] = station.reason[at]
        self._explain_gun(at, self.gun_reason_args[at])

    def _explain_gun(self, at, args) -> None:
        """The numbers of the gun's reason, in the order of its text in firmware/texts.py."""
        station = self._station
        code = station.reason[at]
        a = b = c = d = None
        if code == reasons.CAP_BINDS or code == reasons.LIMIT_IN_FORCE:
            a, b, c = station.reason_a[at], station.grant_w[at], station.reason_b[at]
            if code == reasons.LIMIT_IN_FORCE and 0 <= a < station.circuits:
                b = station.inputs.circuit_limit_w[a]
        elif code == reasons.WAITS_FOR_ROOM:
            a, b = station.target_w[at], max(0, station.reason_b[at])
        elif code == reasons.WAITS_MINIMUM:
            a, b, c, d = station.min_w[at], station.reason_a[at], station.reason_b[at], station.rotation_ms
        elif code in (reasons.HOLD_STALE_METER, reasons.PESSIMISTIC, reasons.OPEN_LOOP):
            a = station.blind_ms if station.blind_ms < (1 << 28) else None
        elif code == reasons.DEAF:
            a = station.entitled_w[at]
        elif code == reasons.FALLS_BACK:
            a = station.fallback_w[at]
        elif code == reasons.DISOBEDIENT:
            a, b = station.inputs.gun_w[at], station.inputs.gun_upper_w[at]
        elif code == reasons.GUN_LIMIT:
            a = station.max_w[at]
        elif code == reasons.STARTING:
            a = station.grant_w[at]
        args[0], args[1], args[2], args[3] = a, b, c, d

    def _fill_health(self, now_ms) -> None:
        cycle = self._cycle
        self.alarms = self._alarms.active()
        self.limits = self._limits.items(now_ms)
        self.cycle_count = cycle.count
        self.cycle_missed = cycle.missed
        self.late_p50_ms = cycle.late_ms_at(500)
        self.late_p99_ms = cycle.late_ms_at(990)
        self.late_max_ms = cycle.late_max_ms
        self.step_us_max = cycle.step_us_max
        self.invariant_breaches = self._station.invariant_breaches
        self.estop = bool(self._stop.active)
        self.heap_free = gc.mem_free() if hasattr(gc, "mem_free") else None


def _value(reading) -> int | None:
    """The reading's value, or None when there is none to be trusted at all."""
    return None if reading is None or reading.quality == ABSENT else reading.value
