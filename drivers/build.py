"""From a checked station file to its buses and devices."""

from drivers.bus import Bus
from drivers.device import Device
from drivers.modbus import clients
from drivers.profiles import loading


def build_buses(config: dict, open_uart):
    """(buses, devices): a Bus for each bus of the station file, and {device id: Device}.

    config: the content of `station.json`. open_uart(port, baud, parity, stop_bits) gives a serial port of the board or
    raises OSError; it is called by the bus task, again and again until it succeeds, so that a missing port keeps
    nothing else from starting.
    ValueError for an unknown profile, a wrong role, or a parameter that the profile needs.
    """
    devices = {}
    for params in config["devices"]:
        profile = loading.load(params["profile"], params.get("profile_file"))
        devices[params["id"]] = Device(params, profile)
    buses = []
    for bus in config["buses"]:
        members = [devices[d["id"]] for d in config["devices"] if d["bus"] == bus["id"]]
        buses.append(Bus(bus, _client(bus, open_uart, members), members))
    return buses, devices


def _client(bus, open_uart, members):
    if bus["kind"] in ("tcp", "rtu_tcp"):
        from drivers.modbus.tcp_link import TcpLink

        link = TcpLink(bus["host"], bus.get("tcp_port", 502))
        if bus["kind"] == "tcp":
            return clients.tcp_client(link, bus.get("timeout_ms", clients.TCP_TIMEOUT_MS))
        return clients.rtu_tcp_client(link, bus.get("timeout_ms", clients.RTU_TCP_TIMEOUT_MS))
    from drivers.modbus.serial_link import SerialLink

    is_dlt645 = bus["kind"] == "dlt645"
    baud, parity = bus.get("baud", 2400 if is_dlt645 else 9600), bus.get("parity", "E" if is_dlt645 else "N")
    stop_bits = bus.get("stop_bits", 1)
    link = SerialLink(bus["port"], lambda: open_uart(bus["port"], baud, parity, stop_bits))
    if is_dlt645:
        from drivers import dlt645

        return dlt645.client(link, members, baud, parity, stop_bits, bus.get("timeout_ms", dlt645.TIMEOUT_MS))
    return clients.rtu_client(link, baud, parity, stop_bits, bus.get("timeout_ms", clients.RTU_TIMEOUT_MS))
