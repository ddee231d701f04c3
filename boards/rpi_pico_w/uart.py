"""The serial ports of this board."""

from machine import Timer

from boards.pin_uart import Uart
from boards.rpi_pico_w.board import UARTS


def open_uart(port: str, baud: int, parity: str = "N", stop_bits: int = 1):
    """The port that the station file names. Raises OSError for one that this board does not have."""
    if port not in UARTS:
        raise OSError(19, port)
    return Uart(UARTS[port], baud, parity, stop_bits, Timer(-1))
