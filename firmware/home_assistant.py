"""Home Assistant discovery: one retained config message for each sensor, made from the telemetry and state messages
that the station sends anyway. Loaded after a connection where the station file names the prefix, and forgotten.

Source: Home Assistant, MQTT integration, "MQTT discovery" and "MQTT sensor" (vendor's documentation, grade A).
"""

from drivers.ticks import sleep_ms
from firmware.telemetry import GUN_STATES, to_json, topic
from firmware.texts import pair

_PACE_MS = 50  # live data goes beside them
_EXPIRES = (("expire_after", 180),)  # s: three of the longest periods of telemetry
_IS_ONLINE = "{{ 'online' if value_json.online else 'offline' }}"
# (object, path in the message, kind) of the station, of each PV, storage and gun; names are in the table of texts.
_STATION = (("grid_power", "grid.w", "power"), ("cap", "cap.w", "power"), ("base_load", "base_w", "power"))
_PV = (("power", "w", "power"),)
_STORAGE = (("power", "w", "power"), ("soc", "soc_permille", "percent"), ("why", "reason.", "text"))
_GUN = (
    ("power", "power_w", "power"), ("grant", "grant_w", "power"), ("energy", "energy_wh", "energy"),
    ("soc", "soc_permille", "percent"), ("state", "state", "state"), ("why", "reason.", "text"),
)  # fmt: skip

_MEASURED = ("state_class", "measurement")
_OF_KIND = {
    "power": (("unit_of_measurement", "W"), ("device_class", "power"), _MEASURED),
    "percent": (("unit_of_measurement", "%"), ("device_class", "battery"), _MEASURED),
    # of the session: it begins anew with each
    "energy": (("unit_of_measurement", "Wh"), ("device_class", "energy"), ("state_class", "total_increasing")),
    "state": (("device_class", "enum"), ("options", GUN_STATES)),
    "text": (),
}


async def announce(client, where, version: str, seen) -> None:
    """Each message acknowledged before the next is made. where: (prefix, `station` of the station file)."""
    for name, message in configs(where[0], where[1], version, seen):
        await client.publish_acked(name, message, True)
        await sleep_ms(_PACE_MS)


def configs(prefix: str, station: dict, version: str, seen):
    """(topic, message in bytes) of each sensor. station: `station` of the station file. seen: Telemetry."""
    about = _About(prefix, station, version)
    for name, path, kind in _STATION:
        yield about.sensor(name, name, "value_json." + path, kind)
    yield about.of_state("alarms", "sensor", "{{ value_json.alarms | length }}", (_MEASURED,))
    stop = "{{ 'ON' if value_json.estop else 'OFF' }}"
    yield about.of_state("emergency_stop", "binary_sensor", stop, (("device_class", "safety"),))
    for listed, devices, parts in (
        ("pv", seen.pvs, _PV), ("storage", seen.storages, _STORAGE), ("guns", seen.guns, _GUN)
    ):
        for at in range(len(devices)):
            for name, path, kind in parts:
                path = "value_json.%s[%d].%s" % (listed, at, path)
                yield about.sensor(name, devices[at].id + "_" + name, path, kind, devices[at].id)


class _About:
    """What all messages of a station have in common."""

    def __init__(self, prefix, station, version):
        self._prefix, self._station = prefix, station["id"]
        self._node = "guangchu_" + _proper(station["id"])
        self._language = 1 if station["language"] == "en" else 0
        name = station["name"]["en" if self._language else "zh"]
        self._device = {"identifiers": [self._node], "name": name, "manufacturer": "Guangchu", "sw_version": version}

    def sensor(self, name, thing, path, kind, device=""):
        """A sensor of the telemetry. thing: its own name within the station. path: of its value in the message."""
        if kind == "text":
            path += "en" if self._language else "zh"
        template = "{{ %s }}" % path
        if kind == "percent":
            template = "{{ none if %s is none else %s / 10 }}" % (path, path)
        return self._config("sensor", name, thing, "telemetry", template, _OF_KIND[kind] + _EXPIRES, device)

    def of_state(self, name, component, template, fields):
        """A sensor of the retained state message, which does not expire."""
        return self._config(component, name, name, "state", template, fields, "")

    def _config(self, component, name, thing, kind, template, fields, device):
        thing, text = _proper(thing), pair("ha." + name)[self._language]
        message = {
            "name": device + " " + text if device else text,
            "unique_id": self._node + "_" + thing,
            "state_topic": topic(self._station, kind),
            "value_template": template,
            "availability_topic": topic(self._station, "status"),
            "availability_template": _IS_ONLINE,
            "device": self._device,
        }
        for key, value in fields:
            message[key] = value
        return "%s/%s/%s/%s/config" % (self._prefix, component, self._node, thing), to_json(message)


def _proper(name):
    """Home Assistant takes letters, digits, _ and - in the parts of a discovery topic."""
    return "".join([each if each.isalpha() or each.isdigit() or each in "_-" else "_" for each in name])
