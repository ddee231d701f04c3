"""Every key of a custom profile file, as rows like those of config_schema. docs/custom-profile.md explains each."""

from firmware.config_schema import OPTIONAL, REQUIRED, ROLES

MAX_VALUE = (1 << 30) - 1  # control counts in 31 bits
MAX_COUNTER = 1 << 50  # energy counters are never used in the cycle
MAX_FACTOR = 1000000
NUMERIC_TYPES = (
    "u8_high", "u8_low", "u16", "s16", "u32", "s32", "u32_lw", "s32_lw", "u64", "s64", "u64_lw", "s64_lw", "f32",
    "f32_lw",
)  # fmt: skip
TYPES = ("bit",) + NUMERIC_TYPES
WRITE_TYPES = ("u16", "s16", "u32", "s32", "u32_lw", "s32_lw")
WRITE_FUNCTIONS = (5, 6, 16)
WORDS = {"u32": 2, "s32": 2, "u32_lw": 2, "s32_lw": 2, "f32": 2, "f32_lw": 2, "u64": 4, "s64": 4, "u64_lw": 4,
         "s64_lw": 4}  # of a type; the others have one
PARAMETERS = ("ct_ratio", "pt_ratio", "connector", "phases", "max_w", "min_w", "fallback_w", "rated_w", "watchdog_s")
# Readings and setpoints that the station cannot do without, by role.
MUST_READ = {
    "meter": ("power_w",), "pv": ("power_w",), "bms": ("soc_permille", "charge_max_w", "discharge_max_w"),
    "pcs": ("power_w",), "gun": ("state", "power_w"), "cabinet": (),
}  # fmt: skip
MAY_READ = {
    "meter": ("power_w", "import_wh", "export_wh"), "pv": ("power_w", "status"),
    "bms": ("soc_permille", "charge_max_w", "discharge_max_w", "alarm", "emergency_stop"),
    "pcs": ("power_w", "status"), "gun": ("state", "power_w", "energy_wh", "soc_permille"), "cabinet": (),
}  # fmt: skip
MUST_WRITE = {"meter": (), "pv": (), "bms": (), "pcs": ("power_w",), "gun": ("limit_w",), "cabinet": ()}
MAY_WRITE = {"meter": (), "pv": ("limit_w",), "bms": (), "pcs": ("power_w",), "gun": ("limit_w",), "cabinet": ()}

_REGISTER = ("register", "int", REQUIRED, (0, 65535), "")
_NUM = ("num", "int", 1, (-MAX_FACTOR, MAX_FACTOR), "")
_DEN = ("den", "int", 1, (1, 1000000000), "")
_MODEL = ("model", "int", OPTIONAL, (1, 65534), "")
_SIGN = (_REGISTER, ("mask", "int", REQUIRED, (1, 65535), ""))
_PRODUCT = (_REGISTER, ("type", "choice", REQUIRED, NUMERIC_TYPES[:8], ""))
_SCALE = (_REGISTER, ("add", "int", 0, (-10, 10), ""))
_READ_SIGN = (_REGISTER, ("signs", "any", REQUIRED, None, ""))

POINT = (
    ("name", "name", REQUIRED, None, ""),
    ("function", "choice", REQUIRED, (1, 2, 3, 4), ""),
    _REGISTER,
    ("type", "choice", REQUIRED, TYPES, ""),
    _NUM, _DEN,
    ("offset", "int", 0, (-MAX_VALUE, MAX_VALUE), ""),
    ("times", "any", OPTIONAL, None, ""),
    ("low", "any", OPTIONAL, None, ""),
    ("high", "any", OPTIONAL, None, ""),
    ("jump", "any", OPTIONAL, None, ""),
    ("absent", "any", OPTIONAL, None, ""),
    ("meaning", "any", OPTIONAL, None, ""),
    ("mask", "int", OPTIONAL, (1, 0xFFFFFFFF), ""),
    ("sign", "object", OPTIONAL, _SIGN, ""),
    ("product", "object", OPTIONAL, _PRODUCT, ""),
    ("scale", "object", OPTIONAL, _SCALE, ""),
    _MODEL,
    ("slow", "bool", False, None, ""),
    ("writable", "bool", False, None, ""),
)  # fmt: skip
STEP = (
    ("function", "choice", REQUIRED, WRITE_FUNCTIONS, ""),
    _REGISTER,
    ("type", "choice", "u16", WRITE_TYPES, ""),
    ("value", "any", REQUIRED, None, ""),
    ("when", "any", OPTIONAL, None, ""),
    ("once", "bool", False, None, ""),
)
OUTPUT = (
    ("name", "name", REQUIRED, None, ""),
    ("function", "choice", REQUIRED, WRITE_FUNCTIONS, ""),
    _REGISTER,
    ("type", "choice", REQUIRED, WRITE_TYPES, ""),
    ("num", "int", 1, (1, MAX_FACTOR), ""), _DEN,
    ("negated", "bool", False, None, ""),
    ("low", "any", OPTIONAL, None, ""),
    ("high", "any", REQUIRED, None, ""),
    ("smallest", "int", 0, (0, MAX_VALUE), "W"),
    ("counts_per_a", "int", OPTIONAL, (1, 1000), ""),
    ("codes", "any", OPTIONAL, None, ""),
    ("read_function", "choice", 3, (0, 3, 4), ""),
    ("read_sign", "object", OPTIONAL, _READ_SIGN, ""),
    ("steps", "list", OPTIONAL, (STEP, 1, 8), ""),
    _MODEL,
)  # fmt: skip
ARM = (
    ("function", "choice", REQUIRED, (6, 16), ""),
    _REGISTER,
    ("value", "any", REQUIRED, None, ""),
    ("num", "int", 1, (1, MAX_FACTOR), ""), _DEN,
    ("counts_per_a", "int", OPTIONAL, (1, 1000), ""),
    ("low", "int", 0, (0, 65535), ""),
    ("high", "int", 65535, (0, 65535), ""),
    ("read_function", "choice", 0, (0, 3, 4), ""),
    _MODEL,
)  # fmt: skip
FIXED_READ = (
    ("function", "choice", REQUIRED, (1, 2, 3, 4), ""),
    _REGISTER,
    ("count", "int", REQUIRED, (1, 2000), ""),
    ("slow", "bool", False, None, ""),
)
_START = (
    ("reading", "name", REQUIRED, None, ""),
    ("unless_mask", "int", REQUIRED, (1, 65535), ""),
    _REGISTER,
    ("value", "int", REQUIRED, (0, 65535), ""),
)

PROFILE = (
    ("schema", "choice", REQUIRED, (1,), ""),
    ("role", "choice", REQUIRED, ROLES, ""),
    ("grade", "choice", "D", ("A", "B", "C", "D"), ""),
    ("source", "text", REQUIRED, (1, 200), ""),
    ("beta", "bool", True, None, ""),
    ("needs", "any", OPTIONAL, None, ""),
    ("extra", "any", OPTIONAL, None, ""),
    ("models", "any", OPTIONAL, None, ""),
    ("watchdog_s", "any", REQUIRED, None, ""),
    ("refresh_ms", "int", OPTIONAL, (100, 600000), "ms"),
    ("standby_w", "int", 0, (0, 100000), "W"),
    ("control_poll_ms", "int", 200, (20, 10000), "ms"),
    ("slow_poll_ms", "int", 2000, (100, 600000), "ms"),
    ("min_poll_ms", "int", 0, (0, 10000), "ms"),
    ("lost_after_ms", "int", 2000, (200, 60000), "ms"),
    ("max_read", "int", 120, (1, 125), ""),
    ("max_bits", "int", 512, (1, 2000), ""),
    ("even_reads", "bool", False, None, ""),
    ("single_reads", "bool", False, None, ""),
    ("request_gap_ms", "int", 0, (0, 10000), "ms"),
    ("turnaround_ms", "int", 0, (0, 5000), "ms"),
    ("connect_delay_ms", "int", 0, (0, 10000), "ms"),
    ("post_write_settle_ms", "int", 0, (0, 10000), "ms"),
    ("write_gap_ms", "int", 0, (0, 60000), "ms"),
    ("registers_per_connector", "int", 0, (0, 16000), ""),
    ("fixed_reads", "list", OPTIONAL, (FIXED_READ, 1, 16), ""),
    ("points", "list", REQUIRED, (POINT, 1, 64), ""),
    ("outputs", "list", OPTIONAL, (OUTPUT, 1, 4), ""),
    ("arms", "list", OPTIONAL, (ARM, 1, 8), ""),
    ("start", "object", OPTIONAL, _START, ""),
)
