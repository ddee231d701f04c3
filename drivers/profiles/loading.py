"""A profile by its name. What a station needs while it runs; the list of all profiles is in `registry`."""

import sys


def load(name: str, path=None):
    """The profile of this name, built in or "custom:NAME"; path: of the file of a custom one. ValueError when there is
    none. A profile's file is loaded only when it is asked for."""
    if name.startswith("custom:"):
        from drivers import custom_file

        profile = custom_file.load(name, path)
        if sys.implementation.name == "micropython":  # its tables are only needed once
            del sys.modules["drivers.custom_file"]
            delattr(sys.modules["drivers"], "custom_file")
        return profile
    try:
        return __import__("drivers.profiles." + name, None, None, ("PROFILE",)).PROFILE
    except (ImportError, AttributeError):
        raise ValueError("profile: found %s, allowed: a profile of drivers/profiles/registry.py" % name)
