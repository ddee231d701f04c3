"""The client of each kind of Modbus line, and the times of a serial one. Only needed at the start; a framing is loaded
only when a line needs it."""

from drivers.modbus.client import Client

RTU_TIMEOUT_MS = 150  # to the first byte of the answer; air time comes on top
TCP_TIMEOUT_MS = 300
RTU_TCP_TIMEOUT_MS = 500  # the air time on a line of unknown speed behind the gateway is in it


def rtu_client(link, baud: int, parity: str, stop_bits: int, timeout_ms: int = RTU_TIMEOUT_MS) -> Client:
    """A client for an RS-485 line. baud: 1200 to 115200; parity "N", "E" or "O"; stop_bits 1 or 2."""
    from drivers.modbus.rtu import RtuFramer

    return Client(link, RtuFramer(), timeout_ms, character_us(baud, parity, stop_bits), gap_us(baud))


def tcp_client(link, timeout_ms: int = TCP_TIMEOUT_MS) -> Client:
    """A client for a Modbus TCP device or gateway."""
    from drivers.modbus.tcp import TcpFramer

    return Client(link, TcpFramer(), timeout_ms)


def rtu_tcp_client(link, timeout_ms: int = RTU_TCP_TIMEOUT_MS) -> Client:
    """A client for a transparent gateway: RTU frames with their CRC over a TCP connection, without the Modbus TCP
    header. `timeout_ms` covers the air time behind the gateway, whose baud rate nobody tells us."""
    from drivers.modbus.rtu import RtuFramer

    return Client(link, RtuFramer(), timeout_ms)


def gap_us(baud: int) -> int:
    """The silence between two frames, t3.5, in us: 3.5 characters of 11 bits, fixed at 1750 us above 19200 baud (Modbus
    over Serial Line V1.02, 2.5.1.1)."""
    return 1750 if baud > 19200 else (38500000 + baud - 1) // baud


def character_us(baud: int, parity: str, stop_bits: int) -> int:
    """Air time of one character in us, rounded up: start bit, 8 data bits, parity, stop bits."""
    bits = 9 + (parity != "N") + stop_bits
    return (bits * 1000000 + baud - 1) // baud
