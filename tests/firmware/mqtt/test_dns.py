# runs on: cpython, micropython
"""Looking a name up over UDP, with a name server of a few lines in the same loop."""

import asyncio
import socket

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms
from firmware.mqtt import dns

# RFC 1035: the answer to "mqtt.example": an alias first (type 5), then its address; names as pointers to byte 12.
RECORDS = b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x0e\x10\x00\x04\x01b\xc0\x11" + (
    b"\xc0\x2a\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04\x0a\x01\x02\xff"
)


def answer_to(query, records=RECORDS, count=2, code=0):
    return query[:2] + bytes([0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]) + query[12:] + records


def ask(name, reply):
    """What look_up gives with a server whose answers `reply(query)` makes (a list of datagrams); and the queries."""
    queries = []

    async def serve(sock):
        sock.setblocking(False)
        while True:
            try:
                query, sender = sock.recvfrom(512)
            except OSError:
                await sleep_ms(2)
                continue
            queries.append(query)
            for datagram in reply(query):
                sock.sendto(datagram, sender)

    async def play():
        for port in range(22000, 22700, 7):  # MicroPython does not tell which free port it took
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                sock.bind(socket.getaddrinfo("127.0.0.1", port)[0][-1])
                break
            except OSError:
                sock.close()
        server = asyncio.create_task(serve(sock))
        try:
            return await dns.look_up(name, "127.0.0.1", port)
        finally:
            server.cancel()
            while not server.done():
                await sleep_ms(1)
            sock.close()

    return asyncio.run(play()), queries


def test_a_name_behind_an_alias_is_found():
    address, queries = ask("mqtt.example", lambda query: [answer_to(query)])
    assert address == "10.1.2.255"
    assert queries[0][2:] == b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04mqtt\x07example\x00\x00\x01\x00\x01"


def test_an_answer_to_another_question_is_passed_over():
    def reply(query):
        return [b"", b"\xff" * 40, bytes([query[0] ^ 1]) + answer_to(query)[1:], answer_to(query)]

    assert ask("mqtt.example", reply)[0] == "10.1.2.255"


def test_an_unknown_name_is_an_error_and_the_loop_goes_on_meanwhile():
    late_ms = [0]

    async def tick():
        while True:
            before_ms = ticks_ms()
            await sleep_ms(10)
            late_ms[0] = max(late_ms[0], ticks_diff(ticks_ms(), before_ms) - 10)

    async def play():
        ticking = asyncio.create_task(tick())
        try:
            await dns.look_up("nowhere.example", "127.0.0.1", 9)  # nobody answers there
            raise AssertionError("found")
        except OSError as error:
            assert "nowhere.example" in str(error)
        ticking.cancel()

    dns._TRY_MS, kept = 100, dns._TRY_MS
    try:
        asyncio.run(play())
    finally:
        dns._TRY_MS = kept
    assert late_ms[0] < 90


def test_the_machine_itself_needs_no_name_server():
    assert asyncio.run(dns.look_up("localhost")) == "127.0.0.1"


def test_a_damaged_answer_gives_no_address():
    whole = answer_to(b"\x12\x34" + b"\x01\x00\x00\x01" + bytes(6) + b"\x04mqtt\x07example\x00\x00\x01\x00\x01")
    assert dns.address_in(whole, 0x1234) == "10.1.2.255"
    assert dns.address_in(whole, 0x1235) is None
    for end in range(len(whole)):
        assert dns.address_in(whole[:end], 0x1234) is None
    for at in range(2, len(whole)):
        for value in (0, 0x3F, 0xC0, 0xFF):
            found = dns.address_in(whole[:at] + bytes([value]) + whole[at + 1 :], 0x1234)
            assert found is None or found.count(".") == 3
