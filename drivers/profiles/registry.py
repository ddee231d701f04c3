"""The profiles that exist and the role each plays; a profile's file is loaded only when a station uses it."""

from drivers.profiles import loading

ROLES = {
    "acrel_dtsd1352": "meter",
    "sunspec_inverter": "pv",
    "bcu_generic": "bms",
    "sinexcel_pws2": "pcs",
    "sdm630": "meter",
    "dtsu666": "meter",
    "dtsu666_huawei": "meter",
    "dtsu666_sungrow": "meter",
    "janitza_umg": "meter",
    "acrel_adl400": "meter",
    "acrel_adw300": "meter",
    "acrel_djsf1352": "meter",
    "acrel_djsf1352_rn6": "meter",
    "huawei_meter": "meter",
    "huawei_emma_meter": "meter",
    "huawei_smartlogger_meter": "meter",
    "sungrow_sg_meter": "meter",
    "sungrow_sh_meter": "meter",
    "sunspec_meter": "meter",
    "sunspec_meter_2": "meter",
    "sunspec_der": "pv",
    "huawei_sun2000": "pv",
    "huawei_sun2000_hybrid": "pv",
    "huawei_emma": "pv",
    "huawei_smartlogger": "pv",
    "sungrow_sg": "pv",
    "sungrow_sh": "pv",
    "sunspec_battery": "bms",
    "sunspec_der_battery": "bms",
    "sunspec_storage_bms": "bms",
    "huawei_luna2000_bms": "bms",
    "sungrow_sh_bms": "bms",
    "sunspec_storage": "pcs",
    "sunspec_der_storage": "pcs",
    "huawei_luna2000": "pcs",
    "sungrow_sh_pcs": "pcs",
    "alpitronic_hyc": "gun",
    "cn_pile_v2": "gun",
    "foxess_evc": "gun",
    "heidelberg_ec": "gun",
    "gold_bcu": "bms",
    "pylontech_m2": "bms",
    "byd_c130": "bms",
    "sinexcel_pws_54": "pcs",
    "pcs_0x60": "pcs",
    "keba_p30": "gun",
    "abb_terra_ac": "gun",
    "xj_dual": "gun",
    "ambibox": "gun",
    "sigenergy_evdc": "gun",
    "wallbox_quasar": "gun",
    "power_cabinet": "cabinet",
    "dlt645_meter": "meter",
}

# Makers whose machines are several devices of a station behind one unit id: inverter, battery, meter.
_MACHINES = ("huawei_", "sungrow_", "sunspec_")


def may_share_unit(name: str, other: str) -> bool:
    """Devices of these two profiles may be parts of one machine, on the same unit id."""
    if name == other:
        return False
    for machine in _MACHINES:
        if name.startswith(machine) and other.startswith(machine):
            return True
    return False


def load(name: str, path=None):
    """The profile of this name; path: of the file of a custom one. ValueError when there is none."""
    if name not in ROLES and not name.startswith("custom:"):
        raise ValueError("profile: one of %s, found %s" % (", ".join(sorted(ROLES)), name))
    return loading.load(name, path)
