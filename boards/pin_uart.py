"""A UART of a real board with an RS-485 driver: the port that `drivers.modbus.serial_link` works with.

No call waits. The driver-enable pin is high from the first byte until the last stop bit has left. A device may answer
3.5 characters later, 1.75 ms on a fast line: too soon for a loop that also computes, so a timer's interrupt turns the
driver off where the board lends one, and `end_of_send()` does where not.
"""

from machine import UART, Pin, Timer
from micropython import const

_PARITY = {"N": None, "E": 0, "O": 1}
_RX_BYTES = 512  # two of the longest frames: a late answer and the next one
_ECHO_BYTES = const(32)  # taken at a time
_SLACK_US = const(10)  # the transmitter begins up to a bit after the write


class Uart:
    """wiring: (UART id, tx pin, rx pin, driver-enable pin or None). baud, parity "N", "E" or "O", stop_bits as in
    the station file. timer: a machine.Timer whose callback may run in a hard interrupt, or None. rts: pin that tells
    the other end of a full-duplex line (a DTU) when it may send, or None: a half-duplex line, on which what arrives
    while we send is our own echo.
    """

    def __init__(self, wiring, baud: int, parity: str = "N", stop_bits: int = 1, timer=None, rts=None):
        number, tx, rx, enable = wiring
        self._enable = None if enable is None else Pin(enable, Pin.OUT, value=0)
        self._timer = timer
        self._is_duplex = rts is not None
        # The hardware drives it by the level of its FIFO, also while flash is written and nothing else runs.
        flow = {} if rts is None else {"rts": Pin(rts), "flow": UART.RTS}
        self._echo = bytearray(_ECHO_BYTES)
        self._sent = self._end_of_frame  # bound once: an interrupt may not allocate
        self._character_us = ((9 + (parity != "N") + stop_bits) * 1000000 + baud - 1) // baud
        self._uart = UART(
            number,
            baudrate=baud,
            bits=8,
            parity=_PARITY[parity],
            stop=stop_bits,
            tx=Pin(tx),
            rx=Pin(rx, Pin.IN, Pin.PULL_UP),  # the transceiver lets go of it while it sends
            rxbuf=_RX_BYTES,
            timeout=0,
            timeout_char=0,
            **flow,
        )

    def readinto(self, buffer) -> int | None:
        """Bytes put into `buffer`, None when none are there."""
        there = self._uart.any()
        if not there:
            return None
        # Asked for more, the UART waits a character time for each further byte, and so for the rest of the frame.
        return self._uart.readinto(buffer, min(there, len(buffer)))

    def write(self, data) -> int:
        """Bytes taken by the transmit buffer."""
        if self._enable is not None:
            self._enable.value(1)
        sent = self._uart.write(data) or 0
        if self._timer is not None:
            # No function of ours may be called before this: its frame is heap, and a collection takes milliseconds.
            us = sent * self._character_us + _SLACK_US
            self._timer.init(mode=Timer.ONE_SHOT, period=us, tick_hz=1000000, callback=self._sent, hard=True)
        return sent

    def txdone(self) -> bool:
        """True when the last stop bit has left."""
        return self._uart.txdone()

    def end_of_send(self):
        if self._enable is not None:
            self._enable.value(0)

    def _end_of_frame(self, timer):
        """Interrupt: allocates nothing. The transmitter falls behind when interrupts were off (flash is written)."""
        if not self._uart.txdone():
            timer.init(mode=Timer.ONE_SHOT, period=self._character_us, tick_hz=1000000, callback=self._sent, hard=True)
            return
        # What has come until now is our own echo (a receiver that is always on) or noise: an echoed write would pass
        # for its acknowledgement.
        there = 0 if self._is_duplex else self._uart.any()
        while there:
            self._uart.readinto(self._echo, min(there, _ECHO_BYTES))
            there = self._uart.any()
        self.end_of_send()

    def close(self):
        if self._timer is not None:
            self._timer.deinit()
        self.end_of_send()
        self._uart.deinit()
