"""The client that the station file asks for. Needed once, at the start."""

from firmware.mqtt.client import Client


def build_client(settings: dict, client_id: str, password: str | None, folder: str, open_uart, cycle=None) -> Client:
    """settings: `mqtt` of the checked station file. folder: where its certificates are. open_uart: of the board.
    cycle: the control cycle, behind which the steps of a TLS handshake are put.
    """
    link = _link(settings, folder, open_uart, cycle)
    user, keepalive_s = settings.get("user"), settings["keepalive_s"]
    return Client(link, client_id, user, password, keepalive_s, settings.get("clean_session", True))


def _link(settings, folder, open_uart, cycle):
    uart, tls = settings.get("uart"), settings.get("tls")
    if uart:
        from firmware.mqtt.uart import UartLink

        return UartLink(open_uart, uart["port"], uart["baud"])
    if not tls:
        from firmware.mqtt.tcp import TcpLink

        return TcpLink(settings["host"], settings["port"])
    from firmware.mqtt.tls import TlsLink

    folder += "/"
    certificate = (folder + tls["cert"], folder + tls["key"]) if "cert" in tls else None
    return TlsLink(
        settings["host"], settings["port"], folder + tls["ca"], tls.get("server_name"), certificate, cycle
    )
