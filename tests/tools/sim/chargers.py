"""Stations made of batteries, power conversion systems and chargers, for tests; to be built by
`tests.tools.sim.machines.station`."""

AC = {"phases": 3, "min_w": 4140, "max_w": 22080, "fallback_w": 4140, "watchdog_s": 30}

GOLD = ("gold-line", "rtu", [
    ("pws", "pcs", "sinexcel_pws_54", 1, {"rated_w": 200000, "watchdog_s": None, "bms": "gold"}),
    ("gold", "bms", "gold_bcu", 2, {}),
])  # fmt: skip
PYLONTECH = ("pylontech-lan", "tcp", [
    ("pcs60", "pcs", "pcs_0x60", 1, {"rated_w": 100000, "watchdog_s": None, "bms": "m2"}),
    ("m2", "bms", "pylontech_m2", 2, {}),
])  # fmt: skip
BYD = ("byd-lan", "tcp", [
    ("pws2", "pcs", "sinexcel_pws2", 1, {"rated_w": 100000, "watchdog_s": 60, "bms": "byd"}),
    ("byd", "bms", "byd_c130", 2, {}),
])  # fmt: skip
KEBA = ("keba-lan", "tcp", [("keba", "gun", "keba_p30", 255, AC)])
ABB = ("abb-lan", "tcp", [("abb", "gun", "abb_terra_ac", 1, AC)])
XJ = ("xj-line", "rtu", [
    (f"xj{connector}", "gun", "xj_dual", 3,
     {"connector": connector, "min_w": 5000, "max_w": 120000, "fallback_w": 20000, "watchdog_s": None})
    for connector in (1, 2)
])  # fmt: skip
AMBIBOX = ("ambibox-lan", "tcp", [
    (f"ambi{connector}", "gun", "ambibox", 1,
     {"connector": connector, "min_w": 1000, "max_w": 11000, "fallback_w": 2000, "watchdog_s": None})
    for connector in (1, 2)
])  # fmt: skip
SIGENERGY = ("sigenergy-lan", "tcp", [
    ("sig", "gun", "sigenergy_evdc", 247, {"min_w": 500, "max_w": 25000, "fallback_w": 2000, "watchdog_s": None}),
])  # fmt: skip
QUASAR = ("quasar-lan", "tcp", [
    ("quasar", "gun", "wallbox_quasar", 1,
     {"min_w": 1380, "max_w": 7360, "fallback_w": 0, "watchdog_s": 60, "phases": 1}),
])  # fmt: skip
PILE = ("pile-line", "rtu", [
    ("pile", "gun", "cn_pile_v2", 1, {"min_w": 5000, "max_w": 60000, "fallback_w": 20000, "watchdog_s": None}),
])  # fmt: skip
CABINET = ("cabinet-lan", "tcp", [("cabinet", "cabinet", "power_cabinet", 1, {})])
METERS_645 = ("meters-645", "dlt645", [
    ("m1", "meter", "dlt645_meter", 1, {"ct_ratio": 80, "meter_address": "202600000017"}),
    ("m2", "meter", "dlt645_meter", 2, {"meter_address": "000000000002"}),
])  # fmt: skip
