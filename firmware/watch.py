"""Looks at the station once a second and states which alarms stand. Out of the cycle: it may allocate."""

from control import ladder
from drivers.ticks import const, sleep_ms, ticks_diff, ticks_ms

_PERIOD_MS = const(1000)
_PV_STALE_MS = const(1000)
_SILENT_ROLES = ("meter", "pv", "bms", "cabinet")  # guns and PCS have alarms of their own


class Watch:
    """alarms: Alarms. The rest are the running parts, read only."""

    def __init__(self, config, station, devices, buses, cycle, stop, limits, alarms):
        self._station, self._devices, self._buses = station, devices, buses
        self._cycle, self._stop, self._limits, self._alarms = cycle, stop, limits, alarms
        self._station_id = config["station"]["id"]
        self._breaches = 0
        self._missed = 0
        self._at_ms = ticks_ms()
        self._uptime_ms = 0  # at most 2^28: ticks wrap

    async def run(self):
        while True:
            await sleep_ms(_PERIOD_MS)
            self.look(ticks_ms())

    def look(self, now_ms):
        self._uptime_ms = min(self._uptime_ms + max(0, ticks_diff(now_ms, self._at_ms)), 1 << 28)
        self._at_ms = now_ms
        self._look_at_devices(now_ms)
        self._look_at_grid(now_ms)
        self._look_at_guns(now_ms)
        self._look_at_storage(now_ms)
        self._look_at_controller(now_ms)

    def _look_at_devices(self, now_ms):
        for device in self._devices.values():
            silence_ms = device.silence_ms(now_ms)
            silent = not device.alive(now_ms) and silence_ms > device.lost_after_ms
            if device.role in _SILENT_ROLES:
                self._alarms.update("device_silent", device.id, silent, now_ms, silence_ms)
            elif device.role == "pcs":
                self._alarms.update("pcs_silent", device.id, silent, now_ms, silence_ms)
        for bus in self._buses:
            missing = bus.problem is not None and not bus.client.link.is_open
            self._alarms.update("bus_port_missing", bus.id, missing, now_ms)

    def _look_at_grid(self, now_ms):
        s = self._station
        age_ms = min(s.blind_ms, self._uptime_ms)
        self._alarms.update("meter_frozen", self._station_id, s.grid_frozen, now_ms, s.grid_same_ms)
        stale = s.ladder > ladder.HOLD and not s.grid_frozen and s.started
        self._alarms.update("meter_stale", self._station_id, stale, now_ms, age_ms)
        for p in range(s.pvs):
            pv_age_ms = min(s.inputs.pv_age_ms[p], self._uptime_ms)
            self._alarms.update("pv_stale", s.pv_ids[p], pv_age_ms > _PV_STALE_MS and s.started, now_ms, pv_age_ms)

    def _look_at_guns(self, now_ms):
        s = self._station
        for g in range(s.guns):
            deaf = bool(s.fixed[g]) and not s.disobedient[g] and s.started
            self._alarms.update("gun_deaf", s.gun_ids[g], deaf, now_ms, s.entitled_w[g])
            defies = bool(s.disobedient[g])
            self._alarms.update(
                "gun_disobedient", s.gun_ids[g], defies, now_ms, s.inputs.gun_w[g], s.inputs.gun_upper_w[g]
            )
            lag_ms, fall_w_s = s.lag_now_ms[g], s.fall_now_w_s[g]
            slower = lag_ms > s.lag_ms[g] or fall_w_s < s.ramp_down_w_s[g]
            self._alarms.update("gun_slower_than_file", s.gun_ids[g], slower, now_ms, lag_ms, fall_w_s)
            rise_w_s, file_w_s = s.rise_now_w_s[g], s.ramp_up_w_s[g]
            self._alarms.update("gun_rises_faster", s.gun_ids[g], rise_w_s > file_w_s, now_ms, rise_w_s, file_w_s)

    def _look_at_storage(self, now_ms):
        s = self._station
        if s.has_storage:
            limited = (
                s.started and s.storage_certain_w * 2 < s.pcs_rated_w and s.inputs.soc_permille > s.reserve_soc_permille
            )
            inputs = s.inputs
            self._alarms.update(
                "bms_limit", self._station_id, limited, now_ms, inputs.charge_max_w, inputs.discharge_max_w
            )

    def _look_at_controller(self, now_ms):
        s = self._station
        breached = s.invariant_breaches != self._breaches
        self._breaches = s.invariant_breaches
        self._alarms.update("invariant_breach", self._station_id, breached, now_ms, s.invariant_excess_w)
        missed = self._cycle.missed - self._missed
        self._missed = self._cycle.missed
        self._alarms.update("cycle_missed", self._station_id, missed > 0, now_ms, missed)
        self._alarms.update("emergency_stop", self._station_id, self._stop.active, now_ms)
        for c in range(s.named_circuits):
            limit_w = self._limits.effective_w(c, now_ms)
            limited = limit_w < s.circuit_cap_w[c]
            self._alarms.update("mqtt_limit_active", s.circuit_ids[c], limited, now_ms, c, limit_w)
