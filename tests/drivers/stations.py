"""Devices for tests, by the station file's own keys."""

from drivers.device import Device
from drivers.profiles import registry

PARAMS = {
    "acrel_dtsd1352": {"role": "meter", "ct_ratio": 160, "pt_ratio": 1},
    "sunspec_inverter": {"role": "pv", "rated_w": 160000},
    "bcu_generic": {"role": "bms"},
    "sinexcel_pws2": {"role": "pcs", "rated_w": 200000, "watchdog_s": 60},
    "alpitronic_hyc": {"role": "gun", "connector": 2, "max_w": 480000, "watchdog_s": 10},
    "cn_pile_v2": {"role": "gun", "max_w": 60000, "watchdog_s": None},
    "foxess_evc": {"role": "gun", "phases": 3, "max_w": 11040, "fallback_w": 4140, "watchdog_s": 10},
    "heidelberg_ec": {"role": "gun", "phases": 3, "max_w": 11040, "fallback_w": 4140, "watchdog_s": 10},
    "sdm630": {"role": "meter"},
    "dtsu666": {"role": "meter"},
    "dtsu666_huawei": {"role": "meter"},
    "dtsu666_sungrow": {"role": "meter"},
    "janitza_umg": {"role": "meter"},
    "acrel_adl400": {"role": "meter"},
    "acrel_adw300": {"role": "meter", "ct_ratio": 100, "pt_ratio": 1},
    "acrel_djsf1352": {"role": "meter"},
    "acrel_djsf1352_rn6": {"role": "meter"},
    "huawei_meter": {"role": "meter"},
    "huawei_emma_meter": {"role": "meter"},
    "huawei_smartlogger_meter": {"role": "meter"},
    "huawei_emma": {"role": "pv", "rated_w": 100000},
    "huawei_smartlogger": {"role": "pv", "rated_w": 1000000},
    "sungrow_sg_meter": {"role": "meter"},
    "sungrow_sh_meter": {"role": "meter"},
    "sunspec_meter": {"role": "meter"},
    "sunspec_meter_2": {"role": "meter"},
    "sunspec_der": {"role": "pv", "rated_w": 100000},
    "huawei_sun2000": {"role": "pv", "rated_w": 100000},
    "huawei_sun2000_hybrid": {"role": "pv", "rated_w": 10000},
    "sungrow_sg": {"role": "pv", "rated_w": 110000},
    "sungrow_sh": {"role": "pv", "rated_w": 10000},
    "sunspec_battery": {"role": "bms"},
    "sunspec_der_battery": {"role": "bms"},
    "sunspec_storage_bms": {"role": "bms"},
    "huawei_luna2000_bms": {"role": "bms"},
    "sungrow_sh_bms": {"role": "bms"},
    "sunspec_storage": {"role": "pcs", "rated_w": 100000, "watchdog_s": 60},
    "sunspec_der_storage": {"role": "pcs", "rated_w": 100000, "watchdog_s": 60},
    "huawei_luna2000": {"role": "pcs", "rated_w": 5000, "watchdog_s": 60},
    "sungrow_sh_pcs": {"role": "pcs", "rated_w": 10000, "watchdog_s": None},
    "gold_bcu": {"role": "bms"},
    "pylontech_m2": {"role": "bms"},
    "byd_c130": {"role": "bms"},
    "sinexcel_pws_54": {"role": "pcs", "rated_w": 200000, "watchdog_s": None},
    "pcs_0x60": {"role": "pcs", "rated_w": 100000, "watchdog_s": None},
    "keba_p30": {"role": "gun", "phases": 3, "max_w": 22080, "fallback_w": 4140, "watchdog_s": 30},
    "abb_terra_ac": {"role": "gun", "phases": 3, "max_w": 22080, "fallback_w": 4140, "watchdog_s": 30},
    "xj_dual": {"role": "gun", "connector": 2, "max_w": 120000, "watchdog_s": None},
    "ambibox": {"role": "gun", "connector": 1, "max_w": 11000, "watchdog_s": None},
    "sigenergy_evdc": {"role": "gun", "max_w": 25000, "watchdog_s": None},
    "wallbox_quasar": {"role": "gun", "max_w": 7360, "watchdog_s": 60},
    "power_cabinet": {"role": "cabinet"},
    "dlt645_meter": {"role": "meter"},
}


def params(profile, **others):
    result = {"id": profile, "profile": profile, "bus": "bus", "unit": 1}
    result.update(PARAMS[profile])
    result.update(others)
    return result


def device(profile, **others):
    return Device(params(profile, **others), registry.load(profile))


def words(*values):
    """The bytes of registers."""
    data = b""
    for value in values:
        data += bytes((value >> 8 & 0xFF, value & 0xFF))
    return data
