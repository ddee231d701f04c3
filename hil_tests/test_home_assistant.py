"""The station as Home Assistant finds it: every discovery message of a whole board over a real broker, against the
fields that the documentation of its MQTT integration lists, and every template against the messages that come.
"""

import json

import jinja2
import paho.mqtt.client as mqtt

from hil_tests.test_platform import PASSWORD, talking  # noqa: F401 a fixture
from hil_tests.unix_rig import HOST

# "MQTT sensor", "MQTT binary sensor": of the configuration variables there, those that any of ours may have.
COMMON = {"name", "unique_id", "state_topic", "value_template", "availability_topic", "availability_template", "device"}
OF_COMPONENT = {
    "sensor": {"unit_of_measurement", "device_class", "state_class", "expire_after", "options"},
    "binary_sensor": {"device_class", "expire_after"},
}
OF_DEVICE = {"identifiers", "name", "manufacturer", "sw_version"}
# "Sensor entity": (unit, state class) that belong to a device class.
OF_CLASS = {
    "power": ("W", "measurement"), "energy": ("Wh", "total_increasing"), "battery": ("%", "measurement"),
    "enum": (None, None), None: (None, None),
}  # fmt: skip
LARGEST_BYTES = 900


class Home:
    """Home Assistant's part: `configs` {topic: (message, bytes)} of what is retained, `newest` {topic: message}."""

    def __init__(self, port):
        self.configs, self.newest = {}, {}
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="home")
        self.client.username_pw_set("station", PASSWORD)
        self.client.on_connect = lambda client, *_: client.subscribe([("homeassistant/#", 1), ("guangchu/#", 1)])
        self.client.on_message = self._take
        self.client.connect(HOST, port, 30)
        self.client.loop_start()

    def _take(self, client, userdata, message):
        content = json.loads(message.payload)
        if message.topic.startswith("homeassistant/"):
            self.configs[message.topic] = (content, len(message.payload), message.retain)
        else:
            self.newest[message.topic] = content

    def shows(self, template, topic):
        """What an entity shows: the template over the newest message of its topic, as the integration fills it."""
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
        return environment.from_string(template).render(value_json=self.newest[topic])

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


def test_home_assistant_finds_the_station_and_every_template_meets_a_value(talking):  # noqa: F811
    rig, platform = talking
    rig.station["mqtt"]["home_assistant"] = "homeassistant"
    rig.put("station.json", rig.station)
    rig.plug("gun1")
    rig.power_on()
    assert platform.wait(lambda: "telemetry" in platform.got and platform.gun("gun1")["power_w"], 40)
    guns = [each["id"] for each in rig.station["devices"] if each["role"] == "gun"]
    expected = 5 + 1 + 3 + 6 * len(guns)
    homes = []
    try:
        homes.append(Home(rig.broker.port))
        assert platform.wait(lambda: len(homes[0].configs) == expected), sorted(homes[0].configs)
        homes.append(Home(rig.broker.port))  # one that comes later finds them all the same
        late = homes[1]
        told = {platform.root + kind for kind in ("status", "state", "telemetry")}
        assert platform.wait(lambda: len(late.configs) == expected and told <= set(late.newest)), sorted(late.configs)
        assert all(retained for _, _, retained in late.configs.values())
        shown = {topic.split("/")[-2]: checked(late, topic) for topic in late.configs}
    finally:
        for home in homes:
            home.stop()
    assert len({message["unique_id"] for message, _, _ in late.configs.values()}) == expected
    assert shown["emergency_stop"] == "OFF" and shown["gun1_state"] == "charging" and shown["cap"] == "400000"
    assert float(shown["pcs1_soc"]) == late.newest[platform.root + "telemetry"]["storage"][0]["soc_permille"] / 10
    assert int(shown["gun1_power"]) > 0 and shown["gun2_soc"] in ("None", "0.0") and "？" not in shown["gun1_why"]


def checked(home, topic):
    """What the entity of one discovery message shows, after its message has been found to be in order."""
    message, size, _ = home.configs[topic]
    prefix, component, node, thing, last = topic.split("/")
    assert (prefix, last) == ("homeassistant", "config") and size <= LARGEST_BYTES
    assert all(part and part.replace("-", "").replace("_", "").isalnum() and part.isascii() for part in (node, thing))
    assert set(message) >= COMMON and set(message) <= COMMON | OF_COMPONENT[component], topic
    assert set(message["device"]) == OF_DEVICE and message["device"]["identifiers"] == [node]
    assert message["name"] and message["unique_id"] == f"{node}_{thing}"
    assert home.shows(message["availability_template"], message["availability_topic"]) == "online"
    told = home.shows(message["value_template"], message["state_topic"])
    kind = message.get("device_class")
    if component == "binary_sensor":
        assert kind == "safety" and told in ("ON", "OFF")
        return told
    unit, state_class = OF_CLASS[kind]
    assert message.get("unit_of_measurement") == unit
    assert message.get("state_class") == (state_class if kind else message.get("state_class"))
    if kind == "enum":
        assert told in message["options"] + ["None"]
    elif unit:
        assert told == "None" or float(told) is not None
    assert message["state_topic"].endswith("/state") or message["expire_after"] >= 180
    return told
