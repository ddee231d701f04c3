"""Readings of the devices -> inputs of control, in one go and without allocation: the values of one instant, each
with its age.
"""

from control.station import ABSENT_AGE_MS
from drivers.reading import ABSENT, GOOD, WHY_SILENT
from drivers.ticks import const, ticks_diff

_OLDEST_MS = const(1 << 28)  # 3.1 days: ticks are compared only within 6.2


class Snapshot:
    """Binds devices to the places in `station.inputs` once; `take()` fills them each cycle.

    station: control.station.Station. devices: dict id -> Device. limits: LimitsInForce. stop: EmergencyStop.
    meter_id: the device at the grid connection.
    """

    def __init__(self, station, devices, limits, stop, meter_id):
        def first(role):  # in here, so that it goes with its maker
            for device in devices.values():
                if device.role == role:
                    return device
            return None

        def reading(role, name):
            device = first(role)
            return device.readings.get(name) if device is not None else None

        self._station = station
        self._limits = limits
        self._stop = stop
        self._grid = devices[meter_id].readings["power_w"]
        self._grid_at_ms = None
        self._peeked_at_ms = None
        self._pv = [devices[i].readings["power_w"] for i in station.pv_ids]
        self._pcs = first("pcs")
        self._storage = reading("pcs", "power_w")
        self._soc = reading("bms", "soc_permille")
        self._charge = reading("bms", "charge_max_w")
        self._discharge = reading("bms", "discharge_max_w")
        self._bms_stop = reading("bms", "emergency_stop")
        self._guns = [devices[i] for i in station.gun_ids]
        self._gun_w = [d.readings["power_w"] for d in self._guns]
        self._gun_state = [d.readings["state"] for d in self._guns]
        self._gun_limit = [d.setpoints["limit_w"] for d in self._guns]

    def new_grid_sample(self):
        """True once for each meter answer: between two cycles `grid_w` is newer than the station's inputs."""
        if self._grid.quality != GOOD or self._grid.at_ms == self._peeked_at_ms:
            return False
        self._peeked_at_ms = self._grid.at_ms
        return True

    @property
    def grid_w(self):
        return self._grid.value

    def take(self, now_ms):
        """Fill station.inputs. now_ms: ticks_ms of this cycle."""
        inputs = self._station.inputs
        self._take_grid(inputs, now_ms)
        for p in range(len(self._pv)):
            inputs.pv_w[p] = self._pv[p].value
            inputs.pv_age_ms[p] = _age_ms(self._pv[p], now_ms)
        if self._storage is not None:
            self._take_storage(inputs, now_ms)
        for g in range(len(self._guns)):
            self._take_gun(inputs, g, now_ms)
        for c in range(self._station.named_circuits):
            inputs.circuit_limit_w[c] = self._limits.effective_w(c, now_ms)
        if self._limits.orders is not None:
            self._limits.orders.take(inputs, now_ms)
        if self._bms_stop is not None and self._bms_stop.quality == GOOD and self._bms_stop.value:
            self._stop.press("bms")
        inputs.emergency_stop = self._stop.active

    def _take_grid(self, inputs, now_ms):
        grid = self._grid
        age_ms = _age_ms(grid, now_ms)
        inputs.grid_age_ms = age_ms
        inputs.grid_is_new = age_ms != ABSENT_AGE_MS and grid.at_ms != self._grid_at_ms
        if inputs.grid_is_new:
            self._grid_at_ms = grid.at_ms
            inputs.grid_w = grid.value

    def _take_storage(self, inputs, now_ms):
        storage = self._storage
        inputs.storage_age_ms = _age_ms(storage, now_ms)
        if inputs.storage_age_ms != ABSENT_AGE_MS:
            inputs.storage_w = storage.value
        setpoint = self._pcs.setpoints["power_w"]
        inputs.storage_upper_w = setpoint.upper if setpoint.held_known else 0
        inputs.soc_permille = self._soc.value
        inputs.charge_max_w = self._charge.value
        inputs.discharge_max_w = self._discharge.value
        inputs.bms_age_ms = max(
            _age_ms(self._soc, now_ms), _age_ms(self._charge, now_ms), _age_ms(self._discharge, now_ms)
        )

    def _take_gun(self, inputs, g, now_ms):
        power_age_ms = _age_ms(self._gun_w[g], now_ms)
        if power_age_ms != ABSENT_AGE_MS:
            inputs.gun_w[g] = self._gun_w[g].value
        state_age_ms = _age_ms(self._gun_state[g], now_ms)
        if state_age_ms != ABSENT_AGE_MS:
            inputs.gun_state[g] = self._gun_state[g].value
        inputs.gun_age_ms[g] = max(power_age_ms, state_age_ms)
        limit = self._gun_limit[g]
        inputs.gun_upper_w[g] = limit.upper
        inputs.gun_held_known[g] = 1 if limit.held_known else 0


def _age_ms(reading, now_ms):
    if reading.quality == ABSENT:  # a SUSPECT one is the last good value with its old time
        return ABSENT_AGE_MS
    age_ms = ticks_diff(now_ms, reading.at_ms)
    if age_ms > _OLDEST_MS:  # a device that answers and never gives this value: it must not look new when ticks wrap
        reading.quality, reading.why = ABSENT, WHY_SILENT
        return ABSENT_AGE_MS
    return max(0, age_ms)
