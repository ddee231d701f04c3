"""Who answers on a line, and which profile fits: for commissioning, before there is a station file. It only reads.

    python -m tools.scan --port /dev/ttyUSB0 --baud 9600 --units 1-16
    python -m tools.scan --host 192.168.1.10:502 --host 192.168.1.20-29 --units 1,126

The line must not be in use by a controller. Exit code: 0 when something answered, 1 when nothing did, 2 when no line
could be opened or an option is wrong.
"""

import argparse
import asyncio
import json
import sys

from rich.console import Console
from rich.table import Table

from boards.unix.uart import open_uart
from drivers.modbus.clients import rtu_client, rtu_tcp_client, tcp_client
from drivers.modbus.errors import Closed, Timeout
from drivers.modbus.serial_link import SerialLink
from drivers.modbus.tcp_link import TcpLink
from drivers.probe import HINTS_EN, HINTS_ZH, MAX_UNITS, scan
from drivers.profiles import registry

MAX_HOSTS = 32
_HEADINGS = {
    "zh": ("线路", "站号", "设备自述", "型号", "角色", "符合", "读数", "提示"),
    "en": ("line", "unit", "says it is", "profile", "role", "fits", "readings", "hints"),
}


def numbers(text, low, high, most):
    """"1-16,126" as a sorted list within low..high; argparse.ArgumentTypeError otherwise."""
    found = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.isdigit() or last and not last.isdigit():
            raise argparse.ArgumentTypeError(f"{part!r}: 允许 / allowed: {low}-{high}")
        first, last = int(first), int(last or first)
        if not low <= first <= last <= high:
            raise argparse.ArgumentTypeError(f"{part!r}: 允许 / allowed: {low}-{high}")
        found.update(range(first, last + 1))
    if len(found) > most:
        raise argparse.ArgumentTypeError(f"{len(found)}: 最多 / at most {most}")
    return sorted(found)


def units(text):
    return numbers(text, 1, 247, MAX_UNITS)


def hosts(text):
    """"192.168.1.20-29:502" as [(host, port), ...]."""
    host, _, port = text.partition(":")
    port = numbers(port, 1, 65535, 1)[0] if port else 502
    stem, dot, last = host.rpartition(".")
    if "-" in last and stem.replace(".", "").isdigit():
        return [(f"{stem}.{each}", port) for each in numbers(last, 0, 255, MAX_HOSTS)]
    return [(host, port)]


def profiles(text):
    names = text.split(",")
    unknown = [name for name in names if name not in registry.ROLES]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r}: 允许 / allowed: {', '.join(sorted(registry.ROLES))}")
    return names


def options(arguments):
    parser = argparse.ArgumentParser(prog="python -m tools.scan", description=__doc__.splitlines()[0])
    line = parser.add_mutually_exclusive_group(required=True)
    line.add_argument("--port", help="串口 / serial port")
    line.add_argument("--host", type=hosts, action="append", help="HOST, HOST:PORT, A.B.C.20-29")
    parser.add_argument("--rtu-over-tcp", action="store_true", help="透明网关 / the hosts are transparent gateways")
    parser.add_argument("--baud", type=int, default=9600, choices=(1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200))
    parser.add_argument("--parity", default="N", choices=("N", "E", "O"))
    parser.add_argument("--stop-bits", type=int, default=1, choices=(1, 2))
    parser.add_argument("--units", type=units, default=[1], help=f"1-16,126 (最多 / at most {MAX_UNITS})")
    parser.add_argument("--profiles", type=profiles, help="只试这些型号 / try these only")
    parser.add_argument("--gap-ms", type=int, help="请求间隔 / pause before each request (30 on a serial line)")
    parser.add_argument("--timeout-ms", type=int, default=300)
    parser.add_argument("--lang", default="both", choices=("zh", "en", "both"))
    parser.add_argument("--json", help="同时写入文件 / write the result to this file as well")
    return parser.parse_args(arguments)


def lines(asked):
    """[(name, client)] of what the options name."""
    if asked.port:
        link = SerialLink(asked.port, lambda: open_uart(asked.port, asked.baud, asked.parity, asked.stop_bits))
        return [(asked.port, rtu_client(link, asked.baud, asked.parity, asked.stop_bits, asked.timeout_ms))]
    make = rtu_tcp_client if asked.rtu_over_tcp else tcp_client
    places = [place for each in asked.host for place in each][:MAX_HOSTS]
    return [(f"{host}:{port}", make(TcpLink(host, port), asked.timeout_ms)) for host, port in places]


async def scan_all(asked, tell):
    """([(line, Found)], [(line, error)]): the lines one after the other."""
    seen, closed = [], []
    for name, client in lines(asked):
        try:
            for found in await scan(client, asked.units, asked.profiles, lambda each, name=name: tell(name, each),
                                    asked.gap_ms):
                seen.append((name, found))
        except (Closed, Timeout) as error:
            closed.append((name, error))
        finally:
            client.link.close()
    return seen, closed


def headings(language):
    if language != "both":
        return _HEADINGS[language]
    return [f"{zh}\n{en}" for zh, en in zip(_HEADINGS["zh"], _HEADINGS["en"])]


def hint_text(hints, language):
    texts = {"zh": [HINTS_ZH], "en": [HINTS_EN], "both": [HINTS_ZH, HINTS_EN]}[language]
    return "\n".join(each[hint] for hint in hints for each in texts)


def table(seen, language):
    """A row for each profile that fits; a unit without one has a row of its own."""
    result = Table(*headings(language), show_lines=True)
    for name, found in seen:
        place = [name, str(found.unit), found.label]
        for fit in found.fits:
            values = "\n".join(f"{key} {value}" for key, value in fit.values.items())
            hints = hint_text(fit.hints, language)
            result.add_row(*place, fit.name, fit.role, f"{fit.score / 10:.0f} %", values, hints)
            place = ["", "", ""]
        if not found.fits:
            result.add_row(*place, "?", "", "", "", "")
    return result


def as_json(seen):
    return [
        {"line": name, "unit": found.unit, "label": found.label, "fits": [
            {"profile": fit.name, "role": fit.role, "score_permille": fit.score, "values": fit.values,
             "hints": [HINTS_EN[hint] for hint in fit.hints]} for fit in found.fits]}
        for name, found in seen
    ]  # fmt: skip


def main(arguments=None):
    asked = options(arguments)
    console = Console()

    def tell(name, found):
        best = ", ".join(f"{fit.name}" for fit in found.fits[:3]) or "?"
        console.print(f"{name} 站号 / unit {found.unit}: {best}", highlight=False)

    seen, closed = asyncio.run(scan_all(asked, tell))
    if seen:
        console.print(table(seen, asked.lang))
    for name, error in closed:
        console.print(f"{name}: 无法打开 / cannot be opened: {error}", highlight=False)
    if not seen and not closed:
        first, last = asked.units[0], asked.units[-1]
        console.print(f"站号 {first} 到 {last} 无应答 / no answer from units {first} to {last}")
    if asked.json:
        with open(asked.json, "w", encoding="utf-8") as file:
            json.dump(as_json(seen), file, ensure_ascii=False, indent=1)
    return 2 if closed and not seen else 0 if seen else 1


if __name__ == "__main__":
    sys.exit(main())
