"""A serial port of the board that is a process: a pty of the simulator, or a USB RS-485 adapter.

The port is raw with VMIN = 0 and VTIME = 0: a read returns what is there, at once. Without that a read that asks for
more than has come holds the whole loop (a partial frame did so for half a second).
"""

import select
import termios

try:
    import os

    _os_open = os.open
except (ImportError, AttributeError):  # MicroPython opens files only
    _os_open = None

_IFLAG, _OFLAG, _CFLAG, _LFLAG, _ISPEED, _OSPEED, _CC = range(7)
_VTIME, _VMIN = 5, 6  # places in the control characters, Linux
_CSTOPB, _PARENB, _PARODD = 0o100, 0o400, 0o1000  # Linux asm-generic/termbits.h; MicroPython's termios lacks the names
_REFUSED = (OSError, getattr(termios, "error", OSError))  # CPython's is no OSError
_SPEEDS = {1200: 9, 2400: 11, 4800: 12, 9600: 13, 19200: 14, 38400: 15, 57600: 0o10001, 115200: 0o10002}


class Uart:
    """path: of the device; baud: one of 1200 to 115200; parity: "N", "E" or "O"; stop_bits: 1 or 2. OSError when it
    cannot be opened, ValueError for other settings."""

    def __init__(self, path: str, baud: int, parity: str = "N", stop_bits: int = 1):
        if baud not in _SPEEDS:
            raise ValueError("baud: one of %s, found %s" % (sorted(_SPEEDS), baud))
        if parity not in ("N", "E", "O") or stop_bits not in (1, 2):
            raise ValueError("parity N, E or O and 1 or 2 stop bits, found %s and %s" % (parity, stop_bits))
        self._open(path)
        try:
            self._set_up(baud, parity, stop_bits)
        except BaseException:
            self.close()
            raise
        self._poller = select.poll()
        self._poller.register(self._file, select.POLLOUT)

    def _open(self, path):
        if _os_open is None:
            self._file = open(path, "r+b")
        else:
            self._file = os.fdopen(_os_open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK), "r+b", buffering=0)

    def _set_up(self, baud, parity, stop_bits):
        number = self._file.fileno()
        _set_raw(number)
        settings = termios.tcgetattr(number)
        flags = settings[_CFLAG] & ~(_CSTOPB | _PARENB | _PARODD)
        if stop_bits == 2:
            flags |= _CSTOPB
        if parity != "N":
            flags |= _PARENB | (_PARODD if parity == "O" else 0)
        settings[_CFLAG] = flags
        settings[_ISPEED] = settings[_OSPEED] = _SPEEDS[baud]
        settings[_CC][_VMIN] = 0
        settings[_CC][_VTIME] = 0
        try:
            termios.tcsetattr(number, termios.TCSANOW, settings)
        except _REFUSED:
            # A pseudo-terminal has no parity; when nothing else is to be changed, asking for one is an error.
            settings[_CFLAG] &= ~(_PARENB | _PARODD)
            termios.tcsetattr(number, termios.TCSANOW, settings)

    def readinto(self, buffer) -> int | None:
        """Bytes put into `buffer`; 0 or None when none are there. OSError when the other end is gone."""
        return self._file.readinto(buffer)

    def write(self, data) -> int:
        """Bytes taken, 0 when the other end does not read (a write would wait then)."""
        if not self._poller.poll(0):
            return 0
        return self._file.write(data)

    def txdone(self) -> bool:
        """A process has no transmitter to wait for."""
        return True

    def close(self):
        self._file.close()


def _set_raw(number):
    if hasattr(termios, "setraw"):  # MicroPython
        termios.setraw(number)
    else:
        import tty

        tty.setraw(number, termios.TCSANOW)


def open_uart(port: str, baud: int, parity: str = "N", stop_bits: int = 1, is_duplex: bool = False) -> Uart:
    """The serial port named in the station file; on this board the name is the path of the device, and both sides of it
    may send at once in any case."""
    return Uart(port, baud, parity, stop_bits)
