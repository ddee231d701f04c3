"""Our client, on both runtimes, against servers that other people wrote: pymodbus, modbus_tk and uModbus."""

import asyncio
import json

import pytest

from tests.drivers import functions_probe, servers_of_others
from tests.drivers.conftest import REPOSITORY, run_micropython

SERVERS = [
    "pymodbus_tcp",
    "pymodbus_rtu",
    "pymodbus_rtu_tcp",
    "modbus_tk_tcp",
    "modbus_tk_rtu",
    "umodbus_tcp",
    "umodbus_rtu",
]


def registers(first, count):
    return [octet for n in range(first, first + count) for octet in divmod(n + 7, 256)]


def bits(states):
    octets = [0] * -(-len(states) // 8)
    for n, state in enumerate(states):
        octets[n // 8] |= bool(state) << n % 8
    return octets


COILS = [1, 0, 1, 1, 0, 0, 0, 1, 1, 1]
# What is asked, and the answer that the standard demands of the contents in servers_of_others.
SCRIPT = [
    (["read", 1, 3, 21], bits([n % 3 == 0 for n in range(3, 24)])),
    (["read", 2, 5, 8], bits([n % 3 == 0 for n in range(5, 13)])),
    (["read", 3, 10, 10], registers(10, 10)),
    (["read", 3, 0, 125], registers(0, 125)),
    (["read", 4, 60, 125], registers(60, 125)),
    (["write", 5, 31, [1]], []),
    (["read", 1, 31, 1], [1]),
    (["write", 5, 31, [0]], []),
    (["read", 1, 31, 1], [0]),
    (["write", 15, 40, COILS], []),
    (["read", 1, 40, 10], bits(COILS)),
    (["write", 6, 50, [0xFE0C]], []),
    (["write", 16, 51, [1, 2, 3]], []),
    (["read", 3, 50, 4], [0xFE, 0x0C, 0, 1, 0, 2, 0, 3]),
    (["write", 16, 0, [n + 1000 for n in range(123)]], []),
    (["read", 3, 122, 2], [*divmod(1122, 256), *divmod(130, 256)]),
    (["read", 3, 5000, 2], ["ExceptionReply", 2]),
    (["read", 3, 199, 1], registers(199, 1)),
]
# Functions that uModbus does not have: it refuses them, and that is an answer too.
RARE = [
    (["write", 6, 150, [0x12]], []),
    (["write", 22, 150, [0xF2, 0x25]], []),
    (["read", 3, 150, 1], [0, 0x17]),
    # modbus_tk reads before it writes, against the standard; so other registers are read.
    (["read_write", 149, 2, 151, [77, 78]], [0, 156, 0, 0x17]),
    (["read", 3, 151, 2], [0, 77, 0, 78]),
]


async def results(runtime, link, ops, tmp_path):
    if runtime == "cpython":
        return await functions_probe.main(link, ops)
    path = tmp_path / "ops.json"
    path.write_text(json.dumps(ops))
    return json.loads(await run_micropython(REPOSITORY / "tests/drivers/functions_probe.py", link, path))


@pytest.mark.parametrize("runtime", ["micropython", "cpython"])
@pytest.mark.parametrize("server", SERVERS)
def test_every_function_gives_what_the_standard_says(server, runtime, tmp_path):
    script = SCRIPT if server.startswith("umodbus") else SCRIPT + RARE

    async def whole():
        async with getattr(servers_of_others, server)() as link:
            return await asyncio.wait_for(results(runtime, link, [op for op, _ in script], tmp_path), 60)

    found = asyncio.run(whole())
    for (op, expected), result in zip(script, found, strict=True):
        assert result == expected, op


def test_a_function_that_the_server_does_not_have_is_its_exception_1():
    async def whole():
        async with servers_of_others.umodbus_tcp() as link:
            return await functions_probe.main(link, [["read_write", 1, 1, 1, [1]], ["read", 3, 1, 1]])

    assert asyncio.run(whole()) == [["ExceptionReply", 1], registers(1, 1)]
