"""The secrets of the station, `keys.json`:

    {"mqtt_password": "...", "authorities": {"operator": "<hex>", "grid": "<hex>", "service": "<hex>"}}

A key has 16 to 64 bytes, written as 32 to 128 hexadecimal digits, and belongs to this station and this authority alone.
"""

import json
from binascii import unhexlify

AUTHORITIES = ("operator", "grid", "service")


def load(folder: str) -> tuple:
    """(password of the broker or None, {authority: key}). Never raises.

    An authority whose key is no proper key stays in the dict with an empty one: it can sign nothing, and its being
    there still means that commands have to be signed.
    """
    try:
        with open(folder + "/keys.json") as file:
            secrets = json.load(file)
        password, listed = secrets.get("mqtt_password"), secrets.get("authorities", {})
        return password, {name: _key(listed[name]) for name in AUTHORITIES if listed.get(name) is not None}
    except OSError:
        return None, {}
    except (ValueError, AttributeError, TypeError):
        # A file that cannot be understood may have held keys: until it is put right nobody can sign.
        return None, {name: b"" for name in AUTHORITIES}


def sources(authorities) -> tuple:
    """Who may set limits, as names for LimitsInForce; the first is everybody who does not sign."""
    return ("mqtt",) + tuple([name for name in ("operator", "grid") if name in authorities])


def _key(text) -> bytes:
    try:
        key = unhexlify(text)
    except (ValueError, TypeError):
        return b""
    return key if 16 <= len(key) <= 64 else b""
