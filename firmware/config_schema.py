"""Every key of a station file: kind, default, permitted values, unit. docs/station-file.md explains each for people.

A row is (key, kind, default, permitted, unit).
kind: "int" and "int_null" with permitted (low, high); "bool"; "text" with (shortest, longest); "name", an id;
      "profile", a name or "custom:" and a name;
      "host"; "choice" with the permitted values; "object" with its rows; "list" with (rows or a function from an entry
      to its rows, fewest, most).
default: REQUIRED, OPTIONAL (stays absent), or the value that a missing key gets.
"""

REQUIRED = ("required",)
OPTIONAL = ("optional",)

MAX_FILE_BYTES = 65536
MAX_CAP_W = 10_000_000  # 10 MW; times 100 still fits 31 bits
MAX_GUN_W = 2_000_000
MAX_CT_PT = 100_000
MAX_JUMP_W = 20_000_000
BOARDS = ("unix", "rpi_pico_w", "esp32_generic")
ROLES = ("meter", "pv", "bms", "pcs", "gun", "cabinet")
CLASSES = ("guaranteed", "super", "fast", "slow")
BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)

_BOTH_LANGUAGES = (
    ("zh", "text", REQUIRED, (1, 64), ""),
    ("en", "text", REQUIRED, (1, 64), ""),
)

_STATION = (
    ("id", "name", REQUIRED, None, ""),
    ("name", "object", REQUIRED, _BOTH_LANGUAGES, ""),
    ("language", "choice", "zh", ("zh", "en", "both"), ""),
)

_CIRCUIT = (
    ("id", "name", REQUIRED, None, ""),
    ("parent", "name_null", REQUIRED, None, ""),
    ("cap_w", "int", REQUIRED, (1, MAX_CAP_W), "W"),
    ("phase_cap_w", "int", OPTIONAL, (1, MAX_CAP_W), "W"),
)

_BUS = (
    ("id", "name", REQUIRED, None, ""),
    ("kind", "choice", REQUIRED, ("rtu", "tcp", "rtu_tcp", "dlt645"), ""),
    ("timeout_ms", "int", OPTIONAL, (20, 5000), "ms"),
)
_OVER_TCP = _BUS + (
    ("host", "host", REQUIRED, None, ""),
    ("tcp_port", "int", 502, (1, 65535), ""),
)
_BUS_OF_KIND = {
    "rtu": _BUS + (
        ("port", "text", REQUIRED, (1, 128), ""),
        ("baud", "choice", REQUIRED, BAUDS, "Bd"),
        ("parity", "choice", "N", ("N", "E", "O"), ""),
        ("stop_bits", "choice", 1, (1, 2), ""),
    ),
    "dlt645": _BUS + (
        ("port", "text", REQUIRED, (1, 128), ""),
        ("baud", "choice", 2400, BAUDS, "Bd"),
        ("parity", "choice", "E", ("N", "E", "O"), ""),
        ("stop_bits", "choice", 1, (1, 2), ""),
    ),
    "tcp": _OVER_TCP,
    "rtu_tcp": _OVER_TCP + (
        ("baud", "choice", OPTIONAL, BAUDS, "Bd"),
    ),
}

_DEVICE = (
    ("id", "name", REQUIRED, None, ""),
    ("role", "choice", REQUIRED, ROLES, ""),
    ("profile", "profile", REQUIRED, None, ""),
    ("bus", "name", REQUIRED, None, ""),
    ("unit", "int", REQUIRED, (0, 255), ""),
    ("poll_ms", "int", OPTIONAL, (20, 10000), "ms"),
    ("answer_ms", "int", OPTIONAL, (1, 5000), "ms"),
    ("lost_after_ms", "int", OPTIONAL, (200, 60000), "ms"),
    ("simulated_as", "name", OPTIONAL, None, ""),
    ("serial", "text", OPTIONAL, (1, 32), ""),
    ("model", "text", OPTIONAL, (1, 32), ""),
    ("version", "text", OPTIONAL, (1, 32), ""),
)
_DEVICE_OF_ROLE = {
    "meter": _DEVICE + (
        ("circuit", "name", REQUIRED, None, ""),
        ("ct_ratio", "int", OPTIONAL, (1, 10000), ""),
        ("pt_ratio", "int", 1, (1, 10000), ""),
        ("refresh_ms", "int", 200, (20, 5000), "ms"),
        ("lag_ms", "int", 100, (0, 5000), "ms"),
        ("meter_address", "text", OPTIONAL, (12, 12), ""),
        ("jump_w", "int", OPTIONAL, (100, MAX_JUMP_W), "W"),
    ),
    "pv": _DEVICE + (
        ("circuit", "name", OPTIONAL, None, ""),
        ("rated_w", "int", REQUIRED, (1, MAX_CAP_W), "W"),
    ),
    "bms": _DEVICE,
    "cabinet": _DEVICE,
    "pcs": _DEVICE + (
        ("circuit", "name", OPTIONAL, None, ""),
        ("bms", "name", REQUIRED, None, ""),
        ("rated_w", "int", REQUIRED, (1, MAX_CAP_W), "W"),
        ("watchdog_s", "int_null", REQUIRED, (1, 3600), "s"),
    ),
    "gun": _DEVICE + (
        ("circuit", "name", REQUIRED, None, ""),
        ("connector", "int", OPTIONAL, (1, 4), ""),
        ("class", "choice", REQUIRED, CLASSES, ""),
        ("phases", "choice", OPTIONAL, (1, 3), ""),
        ("phase", "choice", OPTIONAL, ("L1", "L2", "L3"), ""),
        ("min_w", "int", REQUIRED, (0, MAX_GUN_W), "W"),
        ("max_w", "int", REQUIRED, (1, MAX_GUN_W), "W"),
        ("fallback_w", "int", REQUIRED, (0, MAX_GUN_W), "W"),
        ("watchdog_s", "int_null", REQUIRED, (1, 3600), "s"),
        ("lag_ms", "int", 300, (0, 10000), "ms"),
        ("ramp_up_w_s", "int", OPTIONAL, (100, MAX_GUN_W), "W/s"),
        ("ramp_down_w_s", "int", OPTIONAL, (100, MAX_GUN_W), "W/s"),
    ),
}
# Watts a second that a gun without figures of its own is taken to move at: (up, down).
RAMP_SLOW_W_S = (4000, 8000)
RAMP_W_S = (40000, 80000)

_EMERGENCY_STOP = (
    ("pin", "name", REQUIRED, None, ""),
    ("normally_closed", "bool", True, None, ""),
)
_RESET = (
    ("pin", "name", REQUIRED, None, ""),
)

_TLS = (
    ("ca", "text", REQUIRED, (1, 64), ""),
    ("server_name", "host", OPTIONAL, None, ""),
    ("cert", "text", OPTIONAL, (1, 64), ""),
    ("key", "text", OPTIONAL, (1, 64), ""),
)
_DTU = (
    ("port", "text", REQUIRED, (1, 128), ""),
    ("baud", "choice", 115200, BAUDS, "Bd"),
)
_MQTT = (
    ("host", "host", OPTIONAL, None, ""),
    ("port", "int", 1883, (1, 65535), ""),
    ("tls", "object", OPTIONAL, _TLS, ""),
    ("uart", "object", OPTIONAL, _DTU, ""),
    ("user", "text", OPTIONAL, (1, 64), ""),
    ("clean_session", "bool", True, None, ""),
    ("keepalive_s", "int", 30, (2, 600), "s"),
    ("telemetry_ms", "int", 1000, (200, 60000), "ms"),
    ("unsigned", "bool", OPTIONAL, None, ""),
    ("ntp_host", "host", OPTIONAL, None, ""),
    ("ntp_port", "int", 123, (1, 65535), ""),
    ("home_assistant", "name", OPTIONAL, None, ""),
)


# Closes the rows of an entry whose kind or role nobody knows: its other keys cannot be judged.
_ANY_KEY = (("*", "any", OPTIONAL, None, ""),)


def rows_of_bus(entry):
    return _rows(entry.get("kind"), _BUS_OF_KIND, _BUS)


def rows_of_device(entry):
    return _rows(entry.get("role"), _DEVICE_OF_ROLE, _DEVICE)


def _rows(kind, tables, common):
    return tables[kind] if isinstance(kind, str) and kind in tables else common + _ANY_KEY


ROWS = (
    ("schema", "choice", REQUIRED, (1,), ""),
    ("station", "object", REQUIRED, _STATION, ""),
    ("board", "choice", REQUIRED, BOARDS, ""),
    ("cycle_ms", "int", 200, (100, 1000), "ms"),
    ("headroom_permille", "int", 20, (5, 200), "permille"),
    ("base_load", "object", REQUIRED, (
        ("max_w", "int", REQUIRED, (0, MAX_CAP_W), "W"),
        ("min_w", "int", 0, (-MAX_CAP_W, 0), "W"),
    ), ""),
    ("circuits", "list", REQUIRED, (_CIRCUIT, 1, 16), ""),
    ("buses", "list", REQUIRED, (rows_of_bus, 1, 16), ""),
    ("devices", "list", REQUIRED, (rows_of_device, 1, 48), ""),
    ("storage", "object", {}, (
        ("reserve_soc_permille", "int", 200, (0, 1000), "permille"),
        ("support_w", "int", 0, (0, MAX_CAP_W), "W"),
        ("charge_w", "int", 0, (0, MAX_CAP_W), "W"),
    ), ""),
    ("class_weights", "object", {}, (
        ("guaranteed", "int", 4, (1, 100), ""),
        ("super", "int", 2, (1, 100), ""),
        ("fast", "int", 1, (1, 100), ""),
        ("slow", "int", 1, (1, 100), ""),
    ), ""),
    ("inputs", "object", {}, (
        ("emergency_stop", "object", OPTIONAL, _EMERGENCY_STOP, ""),
        ("reset", "object", OPTIONAL, _RESET, ""),
    ), ""),
    ("mqtt", "object", OPTIONAL, _MQTT, ""),
)
