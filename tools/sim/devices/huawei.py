"""A Huawei SUN2000 inverter with LUNA2000 battery and a grid meter behind it, all on one unit id.

Source: huawei-solar register list, evcc sun2000-hybrid template and Tinkerforge huawei map agree (grade A). Function
code 3 reads, 6 and 16 write, high word first. Grid power is + export, storage power + charging. Forced charging or
discharging ends by itself after the period in 47083, minutes (0: no end, D).
"""

from tools.sim.devices.image import RegisterImage, Setting
from tools.sim.devices.words import s16, s32, text, u16, u32

_STOP, _CHARGE, _DISCHARGE = 0, 1, 2
_FEED_IN_W, _FEED_IN_PERCENT = 6, 7


class Huawei(RegisterImage):
    """devices: any of the inverter (pv), its battery (pcs, bms) and its meter, one of each at most."""

    def __init__(self, unit, devices, plant):
        super().__init__(unit, [device["id"] for device in devices])
        self.plant = plant
        by_role = {device["role"]: device for device in devices}
        self.pv = plant.pv[by_role["pv"]["id"]] if "pv" in by_role else None
        self.storage = None
        if "pcs" in by_role:
            self.storage = plant.storage[by_role["pcs"]["id"]]
        elif "bms" in by_role:
            self.storage = plant.storage[by_role["bms"]["storage"]]
        self._forced_until_s = None
        fills = {"pv": self._fill_pv, "pcs": self._fill_pcs, "bms": self._fill_bms, "meter": self._fill_meter}
        if self.pv:
            self._lay_out_inverter()
        if self.storage:
            self._lay_out_storage()
        if "meter" in by_role:
            self.put(37100, [1] + [0] * 38)
        self.fills = {device["id"]: fills[device["role"]] for device in devices}

    def _lay_out_inverter(self):
        rated_w = round(self.pv.rated_w)
        self.put(30000, text("SUN2000-SIM", 15) + text("SIM0000001", 10))
        self.put(30070, [0, 2, 2] + u32(rated_w) + u32(rated_w))
        self.put(32000, [0] * 120)
        self.put(40125, [1000] + u32(rated_w))
        self.put(47415, [0] + s32(rated_w) + [1000])
        self.settings.update({
            40125: Setting(self._write_percent, low=0, high=1000, signed=True),
            40126: Setting(self._write_limit, high=rated_w, words=2),
            47415: Setting(self._write_feed_in, allowed=(0, 1, 5, _FEED_IN_W, _FEED_IN_PERCENT)),
            47416: Setting(self._write_feed_in, low=-rated_w, high=rated_w, words=2, signed=True),
            47418: Setting(self._write_feed_in, low=-1000, high=1000, signed=True),
        })  # fmt: skip

    def _lay_out_storage(self):
        rated_w = round(self.storage.rated_w)
        self.storage.ems_timeout_s = None  # it keeps a period instead of listening for a master
        self.put(37000, [2] + [0] * 49)
        self.put(37758, u32(self.storage.capacity_wh) + [0] * 24)
        self.put(47075, u32(rated_w) * 2)
        self.put(47081, [1000, 50, 0, 0, 0, 2, 0])
        self.put(47100, [0, 1000])
        self.put(47246, [0] * 5)
        self.settings.update({
            47075: Setting(high=rated_w, words=2),
            47077: Setting(high=rated_w, words=2),
            47083: Setting(self._write_forced, high=1440),
            47086: Setting(high=5),
            47087: Setting(high=1),
            47100: Setting(self._write_forced, high=2),
            47101: Setting(high=1000),
            47246: Setting(self._write_forced, high=1),
            47247: Setting(self._write_forced, high=rated_w, words=2),
            47249: Setting(self._write_forced, high=rated_w, words=2),
        })  # fmt: skip

    # -- what the plant says --
    def _fill_pv(self):
        pv = self.pv
        power_w = pv.power_w
        self.put(32000, 0x0006 if power_w > 0 else 0x0001)
        self.put(32016, [6500, u16(power_w / 13), 6500, u16(power_w / 13)])
        self.put(32064, s32(power_w / 0.985) + [u16(3984)] * 3 + [u16(2300)] * 3)
        self.put(32072, s32(power_w / 0.69) * 3)
        self.put(32080, s32(power_w) + s32(0) + [s16(1000), u16(5000), u16(9850), s16(412), u16(1500)])
        limited = pv.limit_w is not None and pv.limit_w < pv.available_w
        self.put(32089, 0x0201 if limited else 0x0200 if power_w > 0 else 0xA000)
        self.put(32106, u32(pv.total_wh / 10))

    def _fill_pcs(self):
        self.put(37001, s32(self.storage.power_w))
        self.put(37765, s32(self.storage.power_w))
        self.put(37780, u32(self.storage.charged_wh / 10) + u32(self.storage.discharged_wh / 10))

    def _fill_bms(self):
        storage = self.storage
        status = 3 if storage.alarm else 2 if storage.running else 1
        self.put(37000, status)
        self.put(37762, status)
        self.put(37004, u16(1000 * storage.soc))
        self.put(37760, u16(1000 * storage.soc))
        self.put(37046, u32(storage.charge_max_w) + u32(storage.discharge_max_w))
        self.put(37763, [u16(7680), s16(storage.power_w / 76.8)])

    def _fill_meter(self):
        meter = self.plant.meter
        self.put(37101, s32(2300) * 3)
        for index, phase_w in enumerate(meter.phase_power_w):
            self.put(37107 + 2 * index, s32(-phase_w / 2.3))
            self.put(37132 + 2 * index, s32(-phase_w))
        self.put(37113, s32(-meter.power_w) + s32(0) + [s16(1000), s16(5000)])
        self.put(37119, s32(meter.export_wh / 10) + s32(meter.import_wh / 10))

    # -- what is written --
    def _write_percent(self, permille):
        self.pv.write_limit(self.pv.rated_w * permille / 1000)

    def _write_limit(self, limit_w):
        self.pv.write_limit(limit_w)

    def _write_feed_in(self, _value):
        if self.holding[47415] == 0:
            self.pv.write_limit(None)

    def _write_forced(self, _value):
        word = self.holding
        command, minutes = word[47100], word[47083]
        if command == _STOP:
            self._forced_until_s = None
            self.storage.write_setpoint(0.0)
            return
        at = 47247 if command == _CHARGE else 47249
        watts = word[at] << 16 | word[at + 1]
        self._forced_until_s = self.plant.time_s + 60.0 * minutes if minutes else None
        self.storage.write_setpoint(watts if command == _CHARGE else -watts)

    def tick(self, now_s):
        if self._forced_until_s is not None and now_s >= self._forced_until_s:
            self.put(47100, _STOP)
            self._write_forced(None)
        if self.pv and self.holding[47415] in (_FEED_IN_W, _FEED_IN_PERCENT):
            export_w = self.holding[47416] << 16 | self.holding[47417]
            export_w -= (export_w >> 31) << 32
            if self.holding[47415] == _FEED_IN_PERCENT:
                permille = self.holding[47418]
                export_w = self.pv.rated_w * (permille - 0x10000 if permille & 0x8000 else permille) / 1000
            self.pv.write_limit(max(0.0, self.plant.grid_w + self.pv.power_w + export_w))
