"""The check sum of Modbus RTU: CRC-16, polynomial 0xA001 reflected, start 0xFFFF (Modbus over Serial Line V1.02,
6.2.2)."""

from array import array


def _make_table():
    table = array("H", bytearray(512))
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
        table[value] = crc
    return table


_TABLE = _make_table()


def crc16(frame, start: int, end: int) -> int:
    """CRC of frame[start:end]; sent low byte first. Over a frame with its CRC it is 0. Allocates nothing."""
    table = _TABLE
    crc = 0xFFFF
    for i in range(start, end):
        crc = crc >> 8 ^ table[(crc ^ frame[i]) & 0xFF]
    return crc
