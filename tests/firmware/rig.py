"""A station's firmware without its wires: devices from the demo station, readings put in by hand, a clock that the
test moves.
"""

import gc
import json

if hasattr(gc, "threshold"):
    gc.threshold(8192)  # as firmware.main while modules are loaded: the heap stays in one piece

from control.station import Station
from drivers.build import build_buses
from firmware.commit import Commit
from firmware.config import completed, grid_meter, unload
from firmware.cycle import Cycle
from firmware.emergency_stop import EmergencyStop
from firmware.limits import LimitsInForce
from firmware.snapshot import Snapshot


class Contacts:
    def __init__(self):
        self.levels = {"ESTOP": 1, "RESET": 0}

    def poll(self, now_ms):
        pass

    def level(self, name):
        return self.levels[name]


def no_port(*settings):
    raise OSError(2)


def demo_config():
    with open(__file__.rsplit("/", 3)[0] + "/tools/stations/demo.json") as file:
        config = completed(json.load(file))
    unload()  # as firmware.main does: the check and the station do not fit the heap side by side
    gc.collect()
    return config


class Rig:
    def __init__(self, config=None, latched=False):
        self.config = config or demo_config()
        self.buses, self.devices = build_buses(self.config, no_port)
        standby_w = {each.id: each.profile.standby_w for each in self.devices.values() if each.role == "gun"}
        self.station = Station(self.config, standby_w)
        self.contacts = Contacts()
        self.limits = LimitsInForce(self.config["circuits"])
        self.stop = EmergencyStop(self.config.get("inputs"), self.contacts, latched)
        meter_id = grid_meter(self.config)["id"]
        snapshot = Snapshot(self.station, self.devices, self.limits, self.stop, meter_id)
        self.cycle = Cycle(self.station, snapshot, Commit(self.station, self.devices), self.stop)
        self.grid = self.devices[meter_id].readings["power_w"]
        self.guns = [self.devices[each] for each in self.station.gun_ids]
        self.now_ms = 1000

    def answer(self, base_w=25000, pv_w=128000):
        """Every device answers: guns draw what they hold, the meter shows the sum."""
        sum_w = base_w - pv_w
        for gun in self.guns:
            limit = gun.setpoints["limit_w"]
            if limit.has_want:
                limit.acknowledged(limit.wanted, self.now_ms)
            elif not limit.held_known:
                limit.acknowledged(20000 if gun.id < "gun5" else 4140, self.now_ms)
            power_w = min(limit.held, gun.params["max_w"]) if limit.held >= gun.params["min_w"] else 0
            self.put(gun, state=2 if power_w else 3, power_w=power_w)
            sum_w += power_w
        pcs = self.devices["pcs1"].setpoints["power_w"]
        pcs.acknowledged(pcs.wanted, self.now_ms)
        sum_w += pcs.held
        self.put(self.devices["pcs1"], power_w=pcs.held)
        self.put(self.devices["bms1"], soc_permille=600, charge_max_w=200000, discharge_max_w=200000)
        self.put(self.devices["pv1"], power_w=pv_w)
        self.grid.good(sum_w, self.now_ms)

    def put(self, device, **values):
        for name in values:
            device.readings[name].good(values[name], self.now_ms)

    def tick(self, count=1, **plant):
        for _ in range(count):
            self.answer(**plant)
            self.now_ms += 200
            dt_ms = self.cycle.tick(self.now_ms)
            if self.cycle.box is not None:
                self.cycle.box.record(dt_ms)
