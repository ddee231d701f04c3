"""Two SunSpec three-phase meters behind one unit id, both of model 203, + import: first the grid's, then the PV's.

Its model 1 has L = 65, as that of old devices.

Source: SunSpec model definition 203 (grade A); L = 65 and duplicate models are seen in the field (issue trackers of
pysunspec2 and of home automation projects).
"""

from tools.sim.devices.sunspec_chain import SunspecChain

LINE_VOLTAGE_V = 230.0


class SunspecMeter(SunspecChain):
    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]], (203, 203), common_length=65)
        self.plant, self.meter = plant, plant.meter
        for nth in (0, 1):
            for point, exponent in (("A_SF", -1), ("V_SF", -1), ("Hz_SF", -2), ("TotWh_SF", 1)):
                self.scale(203, point, exponent, nth)
            self.set(203, "Hz", 50.0, "Hz_SF", nth)
            self.set(203, "PhV", LINE_VOLTAGE_V, "V_SF", nth)
        self.fills = {device["id"]: self.fill}

    def fill(self):
        meter = self.meter
        self._measure(0, meter.power_w, meter.phase_power_w, meter.import_wh, meter.export_wh)
        pv_w, pv_wh = self.plant.pv_w, sum(pv.total_wh for pv in self.plant.pv.values())
        self._measure(1, -pv_w, [-pv_w / 3] * 3, 0.0, pv_wh)

    def _measure(self, nth, power_w, phases_w, import_wh, export_wh):
        # The scale factor follows the load, as on devices that keep their resolution: it must be read with the value.
        self.scale(203, "W_SF", 2 if abs(power_w) > 300e3 else 1, nth)
        self.set(203, "W", power_w, "W_SF", nth)
        for phase, phase_w in zip("ABC", phases_w):
            self.set(203, f"Wph{phase}", phase_w, "W_SF", nth)
            self.set(203, f"PhVph{phase}", LINE_VOLTAGE_V, "V_SF", nth)
            self.set(203, f"Aph{phase}", phase_w / LINE_VOLTAGE_V, "A_SF", nth)
        self.set(203, "TotWhImp", import_wh, "TotWh_SF", nth)
        self.set(203, "TotWhExp", export_wh, "TotWh_SF", nth)
