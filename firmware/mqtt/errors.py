"""What can go wrong between the station and its broker: where, what was found, and what is allowed."""


class MqttError(Exception):
    """Base of all MQTT errors; the client answers each of them with a new connection after a pause."""

    def __init__(self, place: str, found, allowed):
        self.place = place
        self.found = found
        super().__init__("MQTT %s: found %s, allowed %s" % (place, found, allowed))


class MalformedPacket(MqttError):
    """The broker sent bytes that MQTT 3.1.1 does not allow; nothing after them can be trusted."""


class ConnectionRefused(MqttError):
    """The broker's CONNACK refused us; `found` is its code, 1..5."""


class ConnectionClosed(MqttError):
    """The other side closed the connection."""


class BrokerSilent(MqttError):
    """The broker did not answer within its time, or did not take our bytes; `found` is how long, in ms."""
