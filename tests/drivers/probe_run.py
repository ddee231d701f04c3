"""One scan, on either runtime: `probe_run.py kind place baud units`; prints what is there: {unit: [label, fits]}, a
fit as [profile, role, score, marks, hints].

kind: "rtu" with a serial port, or "tcp" with host:port.
"""

import asyncio
import json
import sys

from boards.unix.uart import open_uart
from drivers.modbus.clients import rtu_client, tcp_client
from drivers.modbus.serial_link import SerialLink
from drivers.modbus.tcp_link import TcpLink
from drivers.probe import scan


def client(kind, place, baud):
    if kind == "rtu":
        return rtu_client(SerialLink(place, lambda: open_uart(place, baud)), baud, "N", 1)
    host, port = place.split(":")
    return tcp_client(TcpLink(host, int(port)))


def fit_list(fit):
    return [fit.name, fit.role, fit.score, fit.marks, fit.hints]


async def found(kind, place, baud, units, names=None):
    line = client(kind, place, baud)
    result = {}
    for each in await scan(line, units, names, None, 2):
        result[str(each.unit)] = [each.label, [fit_list(fit) for fit in each.fits]]
    line.link.close()
    return result


if __name__ == "__main__":
    _, kind, place, baud, units = sys.argv
    print(json.dumps(asyncio.run(found(kind, place, int(baud), [int(unit) for unit in units.split(",")]))))
