"""The address of a name without holding the loop: `getaddrinfo` of MicroPython waits inside it, for seconds when the
name server is silent.

Source: RFC 1035, sections 4.1 and 3.4.1 (grade A). Only A records are asked for; /etc/hosts is not read.
"""

import random
import socket

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms

_TRIES = 2
_TRY_MS = 1500
_STEP_MS = 20
_A, _IN = 1, 1


async def look_up(name: str, server: str | None = None, port: int = 53) -> str:
    """The first IPv4 address of `name`. server: address of a name server, that of the network when None.

    Raises OSError when nobody answers or the name has no address.
    """
    if name == "localhost":
        return "127.0.0.1"
    question = b"\1\0\0\1\0\0\0\0\0\0"  # recursion desired, one question
    for label in name.split("."):
        question += bytes([len(label)]) + label.encode()
    question += bytes([0, 0, _A, 0, _IN])
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.connect(socket.getaddrinfo(server or name_server(), port)[0][-1])  # answers of others do not reach us
        for _ in range(_TRIES):
            number = random.getrandbits(16)
            sock.send(bytes([number >> 8, number & 255]) + question)
            sent_ms = ticks_ms()
            while ticks_diff(ticks_ms(), sent_ms) < _TRY_MS:
                await sleep_ms(_STEP_MS)
                try:
                    answer = sock.recv(512)
                except OSError:
                    continue  # nothing there yet
                address = address_in(answer, number)
                if address:
                    return address
    finally:
        sock.close()
    raise OSError(113, "no address of " + name)


def address_in(answer: bytes, number: int) -> str | None:
    """The first A record of an answer to question `number`; None when there is none, whatever the bytes are."""
    try:
        if answer[0] << 8 | answer[1] != number or not answer[2] & 0x80:
            return None
        at = 12
        for _ in range(answer[4] << 8 | answer[5]):
            at = _behind_name(answer, at) + 4
        for _ in range(answer[6] << 8 | answer[7]):
            at = _behind_name(answer, at)
            kind = answer[at] << 8 | answer[at + 1]
            length = answer[at + 8] << 8 | answer[at + 9]
            at += 10
            if kind == _A and length == 4:
                return "%d.%d.%d.%d" % (answer[at], answer[at + 1], answer[at + 2], answer[at + 3])
            at += length
    except IndexError:
        pass
    return None


def _behind_name(answer: bytes, at: int) -> int:
    while answer[at]:
        if answer[at] & 0xC0:  # a pointer to a name that stood before ends this one
            return at + 2
        at += 1 + answer[at]
    return at + 1


def name_server() -> str:
    """Of the network that the board is in. Raises OSError."""
    try:
        import network

        return network.WLAN(network.STA_IF).ifconfig()[3]
    except ImportError:  # a process
        with open("/etc/resolv.conf") as file:
            for line in file:
                words = line.split()
                if len(words) > 1 and words[0] == "nameserver":
                    return words[1]
    raise OSError(113, "no name server")
