"""The profiles that exist and the role each plays; a profile's file is loaded only when a station uses it."""

ROLES = {
    "acrel_dtsd1352": "meter",
    "sunspec_inverter": "pv",
    "bcu_generic": "bms",
    "sinexcel_pws2": "pcs",
    "alpitronic_hyc": "gun",
    "cn_pile_v2": "gun",
    "foxess_evc": "gun",
    "heidelberg_ec": "gun",
}


def load(name: str):
    """The profile of this name. ValueError when there is none."""
    if name not in ROLES:
        raise ValueError("profile: one of %s, found %s" % (", ".join(sorted(ROLES)), name))
    path = "drivers.profiles." + name
    module = __import__(path, None, None, ("PROFILE",))
    return module.PROFILE
