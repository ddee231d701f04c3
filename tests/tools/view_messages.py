"""Messages of a station for the view's tests, as docs/mqtt.md specifies them."""

import copy
import json

BIRTH = {
    "station": "GC-T",
    "name": {"zh": "测试站", "en": "Test station"},
    "firmware": "0.1.0",
    "boot": 1,
    "board": "unix",
    "cycle_ms": 200,
    "headroom_permille": 20,
    "circuits": [{"id": "grid", "parent": None, "cap_w": 400000}],
    "devices": [{"id": "gun1", "role": "gun", "profile": "p", "bus": "b", "unit": 1, "max_w": 200000}],
    "gun_reasons": ["idle"],
    "storage_reasons": ["standby"],
    "alarms": [],
}


def gun(name, state="charging", power_w=100000, grant_w=150000, **fields):
    made = {
        "id": name,
        "state": state,
        "grant_w": grant_w,
        "held_w": grant_w,
        "power_w": power_w,
        "energy_wh": 5120,
        "soc_permille": 431,
        "reason": {"code": "cap_binds", "zh": "grid 限额分摊：批 150.0 kW", "en": "grid cap is shared: 150.0 kW"},
    }
    return {**made, **fields}


TELEMETRY = {
    "seq": 12,
    "at_ms": 123456,
    "cap": {"w": 400000, "circuit": "grid", "source": "contract"},
    "grid": {"w": 391000, "age_ms": 120, "quality": "good"},
    "base_w": 25000,
    "room_w": 1200,
    "pv": [{"id": "pv1", "w": 128000, "quality": "good"}],
    "storage": [
        {
            "id": "pcs1",
            "w": -40000,
            "setpoint_w": -41000,
            "soc_permille": 600,
            "reason": {"code": "peak_shaving", "zh": "削峰放电 41.0 kW", "en": "peak shaving with 41.0 kW"},
        }
    ],
    "guns": [gun("gun1"), gun("gun2", None, None, None, soc_permille=None, energy_wh=None)],
    "ladder": 0,
    "alarms": [{"code": "gun_deaf", "device": "gun2", "zh": "枪无应答", "en": "gun does not answer"}],
    "limits": [{"source": "mqtt", "circuit": "grid", "w": 300000, "expires_s": 55}],
    "cycle": {
        "count": 300, "missed": 0, "late_p50_ms": 0, "late_p99_ms": 1, "late_max_ms": 2, "step_us_max": 400,
    },
    "invariant_breaches": 0,
    "estop": False,
    "heap_free": 120000,
    "uptime_ms": 60000,
}


def telemetry(**fields):
    return json.dumps({**copy.deepcopy(TELEMETRY), **fields}).encode()
