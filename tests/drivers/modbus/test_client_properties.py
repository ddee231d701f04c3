"""Whatever a line does with an answer, the client's request ends in the answer or in a typed error, and the line can be
used again."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.modbus import rare
from drivers.modbus.clients import rtu_client, rtu_tcp_client, tcp_client
from drivers.modbus.errors import ModbusError
from tests.drivers.fake_line import FakeLine, FakeUnit

KINDS = {
    "rtu": lambda line: rtu_client(line, 115200, "N", 1, 2),
    "tcp": lambda line: tcp_client(line, 2),
    "rtu_tcp": lambda line: rtu_tcp_client(line, 2),
}
CALLS = st.sampled_from(
    [
        lambda client: client.read("d", 1, 1, 0, 19),
        lambda client: client.read("d", 1, 3, 0, 10),
        lambda client: client.read("d", 1, 4, 0, 125),
        lambda client: client.write("d", 1, 5, 0, [1], 1),
        lambda client: client.write("d", 1, 16, 0, [1, 2], 2),
        lambda client: client.write("d", 1, 22, 0, [1, 2], 2),
        lambda client: client.exchange(rare.read_write(client.framer, "d", 1, 0, 3, 0, [7], 1)),
    ]
)
# Replaced, cut, extended, or with one bit changed.
MANGLES = st.one_of(
    st.binary(max_size=600).map(lambda data: lambda answer: data),
    st.integers(0, 300).map(lambda n: lambda answer: answer[:n]),
    st.binary(max_size=20).map(lambda data: lambda answer: answer + data),
    st.binary(max_size=20).map(lambda data: lambda answer: data + answer),
    st.integers(0, 3000).map(lambda n: lambda answer: flipped(answer, n)),
)


def flipped(answer, n):
    data = bytearray(answer)
    data[n // 8 % len(data)] ^= 1 << n % 8
    return bytes(data)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(KINDS)), CALLS, MANGLES, st.sampled_from([1, 7, 999]))
def test_a_request_ends_in_its_answer_or_in_a_typed_error_and_the_line_serves_again(kind, call, mangle, chunk):
    line = FakeLine({1: FakeUnit({n: n for n in range(130)})}, kind == "rtu", kind == "rtu_tcp")
    line.chunk, line.mangle = chunk, mangle

    async def scene():
        client = KINDS[kind](line)
        await client.open()
        try:
            at = await call(client)
            assert isinstance(at, int) and at > 0
        except ModbusError as error:
            assert error.device == "d" and str(error)
        line.mangle, line.chunk = None, 999
        if not line.is_open:
            await client.open()
        try:
            at = await client.read("d", 1, 3, 100, 1)
        except ModbusError:  # bytes behind a whole answer: on TCP they cost the next request and the connection
            assert kind == "tcp" and not line.is_open
            await client.open()
            at = await client.read("d", 1, 3, 100, 1)
        assert client.rx[at] << 8 | client.rx[at + 1] == 100

    asyncio.run(scene())
