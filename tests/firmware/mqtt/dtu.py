"""A 4G DTU in transparent mode: a pseudo-terminal on one side, a TCP connection that it keeps on the other.

It tells the station nothing. While it has no connection, what the station sends is lost. Faults: `cut()` loses the
connection, `lose(count)` loses the next bytes in either direction.
"""

import os
import select
import socket
import threading
import time
import tty

REDIAL_S = 0.3


class Dtu:
    def __init__(self, port):
        self._port = port
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave  # kept open, or the master sees an end whenever the station is restarted
        self._line = None
        self._lose = {"up": 0, "down": 0}
        self.lost = 0
        self.dials = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self):
        """The mobile network takes the connection away; a moment later the DTU dials again."""
        line = self._line
        if line is not None:
            line.shutdown(socket.SHUT_RDWR)

    def lose(self, direction, count):
        """The next `count` bytes "up" (to the broker) or "down" vanish."""
        self._lose[direction] = count

    def end(self):
        self._stop.set()
        self._thread.join(10)
        os.close(self._master)
        os.close(self._slave)

    def _run(self):
        while not self._stop.is_set():
            try:
                self._line = socket.create_connection(("127.0.0.1", self._port), 5)
            except OSError:
                self._drop_what_comes(REDIAL_S)
                continue
            self.dials += 1
            with self._line:
                try:
                    self._pass_on(self._line)
                except OSError:
                    pass
            self._line = None
            self._drop_what_comes(REDIAL_S)

    def _pass_on(self, line):
        while not self._stop.is_set():
            ready, _, _ = select.select([self._master, line], [], [], 0.1)
            if self._master in ready:
                line.sendall(self._after_loss("up", os.read(self._master, 512)))
            if line in ready:
                data = line.recv(512)
                if not data:
                    return
                os.write(self._master, self._after_loss("down", data))

    def _after_loss(self, direction, data):
        gone = min(self._lose[direction], len(data))
        self._lose[direction] -= gone
        self.lost += gone
        return data[gone:]

    def _drop_what_comes(self, seconds):
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s and not self._stop.is_set():
            if select.select([self._master], [], [], 0.05)[0]:
                self.lost += len(os.read(self._master, 512))
