"""How the station reaches its broker: over the network, with TLS or without, or through a DTU on a serial port."""

from firmware.config_rules import SERIAL, entries, text
from firmware.config_texts import MISSING, Problem


def check(config, board, problems):
    """board: the constants of the board that the file names, None: not known. Appends Problems. Looks only at values
    whose own shape is right."""
    mqtt = config.get("mqtt")
    if not isinstance(mqtt, dict):
        return
    tls, uart = mqtt.get("tls"), mqtt.get("uart")
    if isinstance(tls, dict):
        for key, other in (("cert", "key"), ("key", "cert")):
            if key in tls and other not in tls:
                problems.append(Problem("mqtt.tls." + other, "missing", MISSING, "{} ({})".format(other, key)))
    if not isinstance(uart, dict):
        if "host" not in mqtt and uart is None:
            problems.append(Problem("mqtt.host", "missing", MISSING, "host / uart"))
        return
    for key in ("host", "tls"):  # the DTU knows the address, and TLS ends where nobody sees it
        if key in mqtt:
            problems.append(Problem("mqtt." + key, "not_with_uart", text(mqtt, key) or key))
    port = text(uart, "port")
    for index, bus in entries(config, "buses"):
        if bus.get("kind") in SERIAL and port is not None and text(bus, "port") == port:
            problems.append(Problem("mqtt.uart.port", "duplicate_port", port, "buses[%d]" % index))
    if board is not None and board.UARTS is not None and port is not None and port not in board.UARTS:
        problems.append(Problem("mqtt.uart.port", "board_port", port, ", ".join(sorted(board.UARTS))))
