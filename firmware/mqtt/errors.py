"""What can go wrong between the station and its broker, each with the numbers that explain it."""


class MqttError(Exception):
    """Base of all MQTT errors; the client answers each of them with a new connection after a pause."""


class MalformedPacket(MqttError):
    """The broker sent bytes that MQTT 3.1.1 does not allow; nothing after them can be trusted."""

    def __init__(self, place: str, found: int, allowed: str):
        self.place = place
        self.found = found
        self.allowed = allowed
        super().__init__("MQTT %s: found %d, allowed %s" % (place, found, allowed))


class ConnectionRefused(MqttError):
    """The broker's CONNACK refused us (OASIS MQTT 3.1.1, table 3.1)."""

    MEANING = {
        1: "protocol version not accepted",
        2: "client identifier rejected",
        3: "server unavailable",
        4: "bad user name or password",
        5: "not authorised",
    }

    def __init__(self, code: int):
        self.code = code
        super().__init__("MQTT CONNACK code %d: %s" % (code, self.MEANING.get(code, "unknown code")))


class ConnectionClosed(MqttError):
    """The broker closed the connection."""


class BrokerSilent(MqttError):
    """The broker did not answer within its time (connect, PINGRESP, PUBACK) or did not take our bytes."""

    def __init__(self, waiting_for: str, waited_ms: int):
        self.waiting_for = waiting_for
        self.waited_ms = waited_ms
        super().__init__("MQTT broker silent: no %s after %d ms" % (waiting_for, waited_ms))
