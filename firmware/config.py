"""The station file: read, checked as a whole, completed with its defaults. docs/station-file.md describes every key.

`load(path)` gives a dict that the rest of the firmware may use without looking twice, or raises ConfigError with every
problem found, each with its place, what was found and what is allowed, in Chinese and English. Nothing is changed on
the way: a caller that has a good station keeps it.
"""

import gc
import sys


class ConfigError(Exception):
    """A station file that was refused. problems: at least one config_texts.Problem."""

    def __init__(self, problems):
        super().__init__("station file refused")
        self.problems = problems

    def text(self, language):
        """All problems, one a line; language "zh", "en" or "both" (each problem in Chinese, then in English)."""
        languages = ("zh", "en") if language == "both" else (language,)
        return "\n".join([problem.text(each) for problem in self.problems for each in languages])

    def __str__(self):
        return self.text("both")


def load(path) -> dict:
    """The checked station of a file, defaults filled in. Raises ConfigError."""
    config = parse(_read(path), path)
    folder = path[: path.rfind("/") + 1]
    problems = check(config, folder)
    if problems:
        raise ConfigError(problems)
    config = completed(config, folder)
    problems = check_in_time(config)
    if problems:
        raise ConfigError(problems)
    return config


def _read(path) -> bytes:
    from firmware import config_check

    try:
        return config_check.read(path)
    except config_check.Refused as refused:
        raise ConfigError([refused.problem])


def parse(data: bytes, name="station.json"):
    """The JSON value of a file's bytes. Raises ConfigError with line and column (`station.json:12:5`)."""
    from firmware import config_check

    try:
        return config_check.parse(data, name)
    except config_check.Refused as refused:
        raise ConfigError([refused.problem])


def check(config, folder="") -> list:
    """Every Problem of a station given as a JSON value; an empty list when it may be used. Changes nothing.
    folder: "" or a path that ends with a slash, where `profiles/` with the custom ones is."""
    from firmware import config_check

    return config_check.check(config, folder)


def check_in_time(config) -> list:
    """Every Problem of a completed station whose buses are too slow for what is on them. It needs the drivers, for
    which the tables of check() must go first: no caller may hold one of their modules in a local variable."""
    if sys.implementation.name == "micropython":
        unload()
        gc.collect()
    from firmware import config_budget

    return config_budget.check(config)


def completed(config, folder="") -> dict:
    """The same dict with the default of every absent key put in. `config` has no problems."""
    from firmware import config_check

    return config_check.completed(config, folder)


def unload():
    """Forgets the tables and texts of the check, which nobody needs once the station runs (about half of a
    hundred-kilobyte heap's worth of small objects); the next load() brings them back."""
    for name in list(sys.modules):
        if name.startswith("firmware.config_") or name == "drivers.profiles.registry":
            del sys.modules[name]
            at = name.rfind(".")
            package, short = sys.modules.get(name[:at]), name[at + 1 :]
            if hasattr(package, short):
                delattr(package, short)


def root_circuit(config) -> str:
    """The id of the circuit at the grid connection of a checked station."""
    return [circuit["id"] for circuit in config["circuits"] if circuit["parent"] is None][0]


def grid_meter(config) -> dict:
    """The device that measures the grid connection of a checked station (there is exactly one)."""
    top = root_circuit(config)
    return [each for each in config["devices"] if each["role"] == "meter" and each["circuit"] == top][0]
