"""The serial ports of this board."""

from boards.esp32_generic.board import RTS, UARTS
from boards.pin_uart import Uart


def open_uart(port: str, baud: int, parity: str = "N", stop_bits: int = 1, is_duplex: bool = False):
    """The port that the station file names. is_duplex: both sides may send at once. OSError for one that this board
    does not have."""
    if port not in UARTS:
        raise OSError(19, port)
    return Uart(UARTS[port], baud, parity, stop_bits, None, RTS[port] if is_duplex else None)
