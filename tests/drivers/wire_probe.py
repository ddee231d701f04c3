"""A client at work in a process of its own, on MicroPython or CPython: `wire_probe.py LINK SECONDS UNIT FUNCTION
REGISTER COUNT`.

LINK: `tcp:HOST:PORT` or `rtu:PATH:BAUD:PARITY:STOP`. Reads the registers again and again and prints one line for each
request: `<ms since start> ok <first word> <last word>` or `<ms> <error class> <text>`; at the end `held <ms>`: the
longest time for which the loop was not free, as seen by a task that wants to run every millisecond.
A COUNT of 0 writes instead: REGISTER gets 1, 2, 3, ... by FUNCTION 6 or 16.
"""

import asyncio
import sys

from boards.unix.uart import open_uart
from drivers.modbus.clients import rtu_client, tcp_client
from drivers.modbus.errors import ModbusError
from drivers.modbus.serial_link import SerialLink
from drivers.modbus.tcp_link import TcpLink
from drivers.ticks import sleep_ms, ticks_diff, ticks_ms


def make_client(text):
    kind, where, what = text.split(":", 2)
    if kind == "tcp":
        client = tcp_client(TcpLink(where, int(what)))
        client.framer.transaction = 0xFFF8  # soon wraps
        return client
    baud, parity, stop = what.split(":")
    link = SerialLink(where, lambda: open_uart(where, int(baud), parity, int(stop)))
    return rtu_client(link, int(baud), parity, int(stop))


async def main(link, seconds, unit, function, register, count, say=print):
    client = make_client(link)
    started = ticks_ms()
    held = 0
    value = 0
    words = [0]

    async def watch():
        nonlocal held
        last = ticks_ms()
        while True:
            await sleep_ms(1)
            now = ticks_ms()
            held = max(held, ticks_diff(now, last))
            last = now

    watcher = asyncio.create_task(watch())
    while ticks_diff(ticks_ms(), started) < 1000 * seconds:
        try:
            if not client.link.is_open:
                await client.open()
            if count:
                at = await client.read("probe", unit, function, register, count)
                rx = client.rx
                last = at + 2 * count - 2
                result = "ok %d %d" % (rx[at] << 8 | rx[at + 1], rx[last] << 8 | rx[last + 1])
            else:
                value += 1
                words[0] = value
                await client.write("probe", unit, function, register, words, 1)
                result = "ok %d %d" % (value, value)
        except ModbusError as error:
            result = "%s %s" % (type(error).__name__, error)
            await sleep_ms(20)
        say("%d %s" % (ticks_diff(ticks_ms(), started), result))
        await sleep_ms(5)
    watcher.cancel()
    say("held %d" % held)
    client.link.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), *[int(a) for a in sys.argv[3:7]]))
