"""The contacts of the process board: emergency stop and reset, as levels in UDP datagrams to 127.0.0.1."""

import asyncio
import socket

PERIOD_S = 0.1


class Contacts:
    """Sends b"ESTOP 1 RESET 0" to `port` every 100 ms. A level is what the pin sees: 1 high, 0 low.

    An emergency stop is a normally closed contact, so 1 means that all is well and 0 that it was pressed or its wire
    is broken.
    """

    def __init__(self, port, levels=None):
        self.port = port
        self.levels = {"ESTOP": 1, "RESET": 0} if levels is None else dict(levels)

    def set(self, name, level):
        if level not in (0, 1):
            raise ValueError(f"contact {name}: level {level!r}, allowed 0 or 1")
        self.levels[name] = int(level)

    def datagram(self):
        return " ".join(f"{name} {level}" for name, level in self.levels.items()).encode("ascii")

    async def run(self):
        """Until cancelled."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            while True:
                try:
                    sender.sendto(self.datagram(), ("127.0.0.1", self.port))
                except (BlockingIOError, ConnectionRefusedError):
                    pass  # the board is not there (yet); the next datagram tells it the same
                await asyncio.sleep(PERIOD_S)
