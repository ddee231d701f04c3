"""What a station file must say about a device of each profile, beyond its role: parameters and the watchdog it has.

Which built-in profiles exist and what role each plays is known to drivers.profiles.registry; the rest is said here once
more (a test compares), because the tables themselves and the check of a station file do not fit a board's heap side by
side. What a custom profile says comes from its file.
"""

from drivers.profiles.registry import ROLES
from firmware.config_texts import Problem

CUSTOM = "custom:"
# Parameters that must be in the file.
_NEEDS = {
    "acrel_dtsd1352": ("ct_ratio",), "acrel_adw300": ("ct_ratio",), "alpitronic_hyc": ("connector",),
    "ambibox": ("connector",), "xj_dual": ("connector",), "foxess_evc": ("phases",), "heidelberg_ec": ("phases",),
    "keba_p30": ("phases",), "abb_terra_ac": ("phases",),
}  # fmt: skip
# (shortest, longest) watchdog in s, None for a device without one; (1, 3600) where nothing is said. A device without a
# watchdog keeps its last limit for ever when the controller dies, so its file must say `"watchdog_s": null`, and its
# `max_w` counts as its fall-back.
_WATCHDOG_S = {
    "ambibox": None, "cn_pile_v2": None, "sigenergy_evdc": None, "sungrow_sh_pcs": None, "xj_dual": None,
    "pcs_0x60": None, "sinexcel_pws_54": None,
    "foxess_evc": (10, 60), "heidelberg_ec": (1, 65), "huawei_luna2000": (60, 60), "keba_p30": (10, 600),
}  # fmt: skip
_custom = {}  # name: content of its file, of the station that is being checked


def find_custom(config, folder, problems):
    """Reads and checks the file of every custom profile that the station names, once each."""
    _custom.clear()
    devices = config.get("devices")
    for index, device in enumerate(devices if isinstance(devices, list) else ()):
        name = device.get("profile") if isinstance(device, dict) else None
        if not isinstance(name, str) or not name.startswith(CUSTOM) or name in _custom:
            continue
        from firmware import config_check, config_custom, config_shape

        if not config_shape.is_name(name[len(CUSTOM):]):
            continue  # the shape of the station file says so
        path, found = file_of(name, folder), []
        try:
            data = config_check.parse(config_check.read(path), path)
            config_custom.check(data, path[len(folder):], found)
        except config_check.Refused as refused:
            found.append(refused.problem)
        problems += found
        if found:
            problems.append(Problem("devices[{}].profile".format(index), "profile_file", name, file_of(name, "")))
        _custom[name] = {} if found else data


def file_of(name, folder):
    """Where the file of a custom profile is. folder: of the station file, "" or with a slash at its end."""
    return folder + "profiles/" + name[len(CUSTOM):] + ".json"


def is_refused(name):
    """A custom profile whose file has been refused: nothing more can be said about its devices."""
    return name in _custom and not _custom[name]


def role(name):
    """The role that a profile plays, or None when there is no such profile."""
    return _custom[name]["role"] if name in _custom else ROLES.get(name)


def needs(name):
    """Parameters that a device with this profile must have in the station file."""
    return _custom[name].get("needs", ()) if name in _custom else _NEEDS.get(name, ())


def watchdog_s(name):
    """(shortest, longest) watchdog in seconds, or None for a device without one."""
    return _custom[name]["watchdog_s"] if name in _custom else _WATCHDOG_S.get(name, (1, 3600))


def names(of_role=None):
    """Known profile names, sorted; only those of one role when it is given."""
    return sorted([name for name in ROLES if of_role is None or ROLES[name] == of_role])
