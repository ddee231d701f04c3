"""Why each gun and the storage have what they have: indexes into these names, in this order.

The texts for people, Chinese and English, are firmware's; control only names the reason and its numbers.
"""

GUN_REASONS = (
    "idle",
    "starting",
    "takes_what_it_asks",
    "gun_limit",
    "cap_binds",
    "waits_for_room",
    "waits_minimum",
    "hold_stale_meter",
    "pessimistic",
    "open_loop",
    "deaf",
    "falls_back",
    "disobedient",
    "emergency_stop",
    "limit_in_force",
    "device_fault",
    "platform_limit",
    "platform_pause",
    "platform_stop",
    "out_of_service",
)
IDLE = 0
STARTING = 1
TAKES_WHAT_IT_ASKS = 2
GUN_LIMIT = 3
CAP_BINDS = 4
WAITS_FOR_ROOM = 5
WAITS_MINIMUM = 6
HOLD_STALE_METER = 7
PESSIMISTIC = 8
OPEN_LOOP = 9
DEAF = 10
FALLS_BACK = 11
DISOBEDIENT = 12
EMERGENCY_STOP = 13
LIMIT_IN_FORCE = 14
DEVICE_FAULT = 15
PLATFORM_LIMIT = 16
PLATFORM_PAUSE = 17
PLATFORM_STOP = 18
OUT_OF_SERVICE = 19

STORAGE_REASONS = (
    "standby",
    "peak_shaving",
    "charging_surplus",
    "charging_room",
    "soc_reserve",
    "bms_limit",
    "pcs_silent",
    "emergency_stop",
    "dispatched",
)
STORAGE_STANDBY = 0
STORAGE_PEAK_SHAVING = 1
STORAGE_CHARGING_SURPLUS = 2
STORAGE_CHARGING_ROOM = 3
STORAGE_SOC_RESERVE = 4
STORAGE_BMS_LIMIT = 5
STORAGE_PCS_SILENT = 6
STORAGE_EMERGENCY_STOP = 7
STORAGE_DISPATCHED = 8
