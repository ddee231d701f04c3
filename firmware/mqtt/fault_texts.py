"""Errors between the station and its broker for people. Loaded when somebody looks at one."""

# (place, found, allowed), by the numbers that packets.py and connection.py have for them.
FAULTS = (
    ("first byte of a packet", "%d", "32, 48..59, 64, 144 or 208 from a broker"),
    ("fourth byte of remaining length", "%d", "0..127"),
    ("remaining length", "%d", "%d..%d in a packet of this type"),
    ("packet id", "%d", "1..65535"),
    ("QoS of a PUBLISH", "%d", "0 or 1, as subscribed"),
    ("topic length of a PUBLISH", "%d", "1..%d here"),
    ("topic of a PUBLISH", "%s", "a topic name in UTF-8"),
    ("packet type in this state", "%d", "CONNACK first and once"),
    ("CONNACK", "flags %d, code %d", "flags 0 or 1, codes 0..5"),
    ("CONNACK code", "%d", "0"),
    ("SUBACK", "id %d, code %d", "our id, code 0, 1 or 128"),
    ("SUBACK", "a refusal of subscription %d", "0 or 1"),
    ("ms without CONNACK", "%d", "%d"),
    ("ms without room for our bytes", "%d", "%d"),
    ("ms without PINGRESP", "%d", "%d"),
    ("ms without PUBACK", "%d", "%d"),
    ("ms without SUBACK", "%d", "%d"),
)
_CONNACK_CODE = 9
# Of CONNACK codes 1 to 5 (OASIS MQTT 3.1.1, table 3.1).
_REFUSALS = ("protocol version", "client identifier", "server unavailable", "user name or password", "not authorised")


def of(error) -> str:
    place, found, allowed = error.place, error.found, error.allowed
    if isinstance(place, int):
        number = place
        place = FAULTS[number][0]
        found = FAULTS[number][1] % found
        allowed = FAULTS[number][2] % allowed
        if number == _CONNACK_CODE:
            found += ": " + _REFUSALS[error.found - 1]
    return "MQTT %s: found %s, allowed %s" % (place, found, allowed)
