"""A UART of a real board with an RS-485 driver: the port that `drivers.modbus.serial_link` works with.

No call waits. The driver-enable pin is high from the first byte until the last stop bit has left; `end_of_send()`
turns it off.
"""

from machine import UART, Pin

_PARITY = {"N": None, "E": 0, "O": 1}
_RX_BYTES = 512  # two of the longest frames: a late answer and the next one


class Uart:
    """wiring: (UART id, tx pin, rx pin, driver-enable pin or None). baud, parity "N", "E" or "O", stop_bits as in
    the station file.
    """

    def __init__(self, wiring, baud: int, parity: str = "N", stop_bits: int = 1):
        number, tx, rx, enable = wiring
        self._enable = None if enable is None else Pin(enable, Pin.OUT, value=0)
        self._uart = UART(
            number,
            baudrate=baud,
            bits=8,
            parity=_PARITY[parity],
            stop=stop_bits,
            tx=Pin(tx),
            rx=Pin(rx),
            rxbuf=_RX_BYTES,
            timeout=0,
            timeout_char=0,
        )

    def readinto(self, buffer) -> int | None:
        """Bytes put into `buffer`, None when none are there."""
        if not self._uart.any():
            return None
        return self._uart.readinto(buffer)

    def write(self, data) -> int:
        """Bytes taken by the transmit buffer."""
        if self._enable is not None:
            self._enable.value(1)
        return self._uart.write(data) or 0

    def txdone(self) -> bool:
        """True when the last stop bit has left."""
        return self._uart.txdone()

    def end_of_send(self):
        if self._enable is not None:
            self._enable.value(0)

    def close(self):
        self.end_of_send()
        self._uart.deinit()
