"""What can go wrong between the station and its broker: where, what was found, and what is allowed. Whoever looks at an
error loads its text (fault_texts.py)."""


class MqttError(Exception):
    """Base of all MQTT errors; the client answers each of them with a new connection after a pause. place: a text, or
    a number in `fault_texts.FAULTS`, whose texts then hold the numbers `found` and `allowed`."""

    def __init__(self, place, found, allowed=()):
        super().__init__(place, found, allowed)
        self.place, self.found, self.allowed = place, found, allowed

    def __str__(self):
        from firmware.mqtt import fault_texts

        return fault_texts.of(self)


class MalformedPacket(MqttError):
    """The broker sent bytes that MQTT 3.1.1 does not allow; nothing after them can be trusted."""


class ConnectionRefused(MqttError):
    """The broker's CONNACK refused us; `found` is its code, 1..5."""


class ConnectionClosed(MqttError):
    """The other side closed the connection."""


class BrokerSilent(MqttError):
    """The broker did not answer within its time, or did not take our bytes; `found` is how long, in ms."""
