"""Decisions -> setpoints of the devices. The bus puts decreases first; control has freed the room before it decides
an increase.
"""

from drivers.ticks import const

_STORAGE_DEADBAND_W = const(200)  # two counts of a PCS setpoint in 0.1 kW


class Commit:
    """Binds guns and PCS to the decisions once; `apply()` hands them over each cycle without allocation."""

    def __init__(self, station, devices):
        self._station = station
        self._limits = [devices[i].setpoints["limit_w"] for i in station.gun_ids]
        self._pcs = None
        for device in devices.values():
            if device.role == "pcs":
                self._pcs = device.setpoints["power_w"]

    def apply(self):
        station = self._station
        for g in range(station.guns):
            if station.grant_w[g] >= 0:
                self._limits[g].want(station.grant_w[g])
        if station.started or station.inputs.emergency_stop:
            self.apply_storage()

    def apply_storage(self):
        pcs, setpoint_w = self._pcs, self._station.storage_setpoint_w
        if pcs is None:
            return
        if setpoint_w == 0 or not pcs.held_known or abs(setpoint_w - pcs.wanted) >= _STORAGE_DEADBAND_W:
            pcs.want(setpoint_w)
