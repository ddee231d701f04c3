"""One question to a time server (SNTPv4, RFC 4330), over UDP, without ever holding the loop. Loaded when it is asked.

NTP without its extensions is not authenticated: the server should stand in the station's own network.
"""

import os
import socket

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms

_BYTES = 48
_CLIENT_V4 = 0x23  # no warning, version 4, mode 3
_FROM_1900_S = 2208988800  # to 1970
_ERA_S = 1 << 32  # the seconds of NTP wrap in 2036
_TIMEOUT_MS = 2000
_STEP_MS = 10


async def ask(host: str, port: int = 123) -> tuple | None:
    """(seconds since 1970, error in ms, ticks of that moment), or None: no answer, or none that can be trusted.

    The error covers the whole way there and back and the second that is cut off. Raises OSError without a network.
    """
    nonce = os.urandom(8)
    address = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)[0][-1]
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        line.setblocking(False)
        line.connect(address)
        sent_ms = ticks_ms()
        line.send(bytes([_CLIENT_V4]) + bytes(39) + nonce)
        while ticks_diff(ticks_ms(), sent_ms) < _TIMEOUT_MS:
            await sleep_ms(_STEP_MS)
            try:
                answer = line.recv(_BYTES)
            except OSError:  # nothing yet, or refused by the host
                continue
            unix_s = _seconds(answer, nonce)
            if unix_s is not None:
                now_ms = ticks_ms()
                return unix_s, ticks_diff(now_ms, sent_ms) + 1000, now_ms
        return None
    finally:
        line.close()


def _seconds(answer, nonce) -> int | None:
    """The transmit time of a server that is in step itself and answers our question."""
    if len(answer) < _BYTES or answer[0] & 7 != 4 or answer[0] >> 6 == 3 or not 1 <= answer[1] <= 15:
        return None
    if answer[24:32] != nonce:
        return None
    seconds = int.from_bytes(answer[40:44], "big")
    if seconds == 0:
        return None
    return seconds + (_ERA_S if seconds < 1 << 31 else 0) - _FROM_1900_S
