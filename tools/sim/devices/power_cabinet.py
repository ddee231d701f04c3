"""A power cabinet after docs/power-cabinet.md: modules of 40 kW switched to the DC guns of the station, and their
liquid cooling. Function code 4, two ranges of registers.

Each gun has as many modules as its power needs, the earlier guns first; modules without a gun stand by.
"""

from tools.sim.devices.image import READ_INPUT, RegisterImage
from tools.sim.devices.words import counter16, s16, u16

MAGIC, VERSION = 0x4743, 1
PLACES, MODULE_WORDS = 20, 6
MODULE_W = 40e3
ABSENT, STANDBY, RUNNING, FAULT = 0, 2, 3, 5
PUMP, TOO_HOT = 1 << 0, 1 << 3
FLOW_L_MIN = 60.0
COOLANT_W_PER_K = 60.0 * FLOW_L_MIN  # water and glycol: 60 W for each litre a minute and K
LOSS_SHARE = 0.05


class PowerCabinet(RegisterImage):
    functions = (READ_INPUT,)
    separate_inputs = True

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.plant = plant
        self.guns = [gun for gun in plant.guns.values() if gun.kind == "dc"][:16]
        wanted = sum(-(-gun.max_w // MODULE_W) for gun in self.guns)
        self.modules = int(min(PLACES, max(1, wanted)))
        self.broken = set()  # module numbers with a fault
        self.pump_stopped = False
        self.rise_k = 0.0  # of the coolant over the modules: follows the losses slowly
        self._ticked_s = plant.time_s
        self.put(0, [0] * 0x30, self.inputs)
        self.put(0x100, [0] * (PLACES * MODULE_WORDS), self.inputs)
        self.fills = {device["id"]: self.fill}

    def switched(self):
        """{module number: (gun number, its share of the gun's DC power in W)} of the modules that work for a gun."""
        free = [number for number in range(1, self.modules + 1) if number not in self.broken]
        shares = {}
        for number, gun in enumerate(self.guns, 1):
            needed = min(len(free), int(-(-abs(gun.dc_w) // MODULE_W)))
            for module in free[:needed]:
                shares[module] = (number, gun.dc_w / needed)
            free = free[needed:]
        return shares

    def fill(self):
        shares = self.switched()
        bank = self.inputs
        derated = bool(self.broken) or self.pump_stopped
        status = 4 if len(self.broken) == self.modules else 3 if derated else 2 if shares else 1
        self.put(0, [MAGIC, VERSION, PLACES, len(self.guns), counter16(self.plant.time_s), status], bank)
        self.put(6, [u16(MODULE_W / 100), s16(280)], bank)
        self._fill_cooling()
        for number in range(1, 17):
            mine = sum(gun == number for gun, _ in shares.values())
            self.put(0x20 + number - 1, u16(mine * MODULE_W / 100), bank)
        for module in range(1, self.modules + 1):
            self.put(0x100 + MODULE_WORDS * (module - 1), self._module(module, shares), bank)

    def _module(self, module, shares):
        if module in self.broken:
            return [FAULT, 0, s16(250), 0, 0, 1 << 7]
        if module not in shares:
            return [STANDBY, 0, s16(300 + 10 * self.rise_k), 0, 0, 0]
        gun, share_w = shares[module]
        volts = self.guns[gun - 1].voltage_v
        amps = share_w / volts if volts else 0.0
        heat_c = 30.0 + self.rise_k + 30.0 * abs(share_w) / MODULE_W
        return [RUNNING, gun, s16(10 * heat_c), u16(10 * volts), s16(10 * amps), 0]

    def _fill_cooling(self):
        flow_l_min = 0.0 if self.pump_stopped else FLOW_L_MIN
        faults = PUMP | (TOO_HOT if self.rise_k > 20.0 else 0) if self.pump_stopped else 0
        state, speed = (2, 0) if self.pump_stopped else (1, 800)
        words = [state, speed, s16(300), s16(300 + 10 * self.rise_k), 0 if self.pump_stopped else 180]
        words += [u16(10 * flow_l_min), faults, 3 if faults & TOO_HOT else 2 if faults else 0]
        self.put(0x10, words, self.inputs)

    def tick(self, now_s):
        """The coolant follows the losses with a time constant of half a minute; without a flow it heats up."""
        step_s, self._ticked_s = now_s - self._ticked_s, now_s
        loss_w = sum(abs(gun.dc_w) for gun in self.guns) * LOSS_SHARE
        target_k = loss_w / COOLANT_W_PER_K if not self.pump_stopped else 5 * loss_w / COOLANT_W_PER_K
        self.rise_k += (target_k - self.rise_k) * min(1.0, step_s / 30.0)
