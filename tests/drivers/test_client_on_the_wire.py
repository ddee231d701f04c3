"""The Modbus client in its own process against pymodbus servers, on sockets and pseudo-terminals."""

import asyncio

import pytest

RUNTIMES = pytest.mark.parametrize("runtime", ["micropython", "cpython"])
LINES = pytest.mark.parametrize("line", ["tcp", "rtu"])


async def serve(bench, line):
    await (bench.serve_tcp() if line == "tcp" else bench.serve_rtu())


def outcomes(lines):
    return {outcome for _, outcome, _ in lines}


@RUNTIMES
@LINES
def test_the_longest_read_arrives_whole(bench, runtime, line):
    async def scene(b):
        await serve(b, line)
        lines = await b.probe(runtime, 1, count=125)
        assert outcomes(lines) == {"ok"} and len(lines) > 10
        assert {rest for _, _, rest in lines} == {"7 131"}

    bench(scene)


@RUNTIMES
def test_the_transaction_id_wraps_against_a_real_server(bench, runtime):
    async def scene(b):
        await b.serve_tcp()
        lines = await b.probe(runtime, 1, count=1)  # the probe starts 8 before the wrap
        assert len(lines) > 20 and outcomes(lines) == {"ok"}

    bench(scene)


@RUNTIMES
@LINES
@pytest.mark.parametrize("function", [6, 16])
def test_writes_are_acknowledged_and_stay(bench, runtime, line, function):
    async def scene(b):
        await serve(b, line)
        lines = await b.probe(runtime, 0.5, function=function, register=150, count=0)
        assert outcomes(lines) == {"ok"}
        written = int(lines[-1][2].split()[0])
        lines = await b.probe(runtime, 0.2, register=150, count=1)
        assert lines[-1][2] == f"{written} {written}"

    bench(scene)


@RUNTIMES
@LINES
def test_an_address_that_does_not_exist_is_an_exception_reply(bench, runtime, line):
    async def scene(b):
        await serve(b, line)
        lines = await b.probe(runtime, 0.4, register=500, count=2)
        assert outcomes(lines) == {"ExceptionReply"}
        assert "exception 2 (illegal data address)" in lines[0][2] and "0x01F4" in lines[0][2]

    bench(scene)


@RUNTIMES
def test_a_unit_that_is_not_there_is_silence_on_a_serial_line(bench, runtime):
    async def scene(b):
        await b.serve_rtu()
        lines = await b.probe(runtime, 1, unit=9)
        assert outcomes(lines) == {"Timeout"}
        assert 2 <= len(lines) <= 6

    bench(scene)


@RUNTIMES
def test_noise_before_each_frame_does_not_cost_an_answer(bench, runtime):
    async def scene(b):
        await b.serve_rtu()
        b.pump.before = b"\x00\xff\x01\x03"
        lines = await b.probe(runtime, 0.8, count=10)
        assert outcomes(lines) == {"ok"} and {rest for _, _, rest in lines} == {"7 16"}

    bench(scene)


@RUNTIMES
def test_frames_cut_short_are_refused_and_the_line_recovers(bench, runtime):
    async def scene(b):
        await b.serve_rtu()
        b.pump.cut = 3

        async def meanwhile():
            await asyncio.sleep(0.8)
            b.pump.cut = 0

        lines = await b.probe(runtime, 1.6, meanwhile=meanwhile)
        assert lines[0][1] == "ProtocolError" and lines[-1][1] == "ok"
        first_ok = next(i for i, entry in enumerate(lines) if entry[1] == "ok")
        assert all(entry[1] == "ok" for entry in lines[first_ok + 1 :])

    bench(scene)


@RUNTIMES
def test_a_unit_that_falls_silent_times_out_and_comes_back(bench, runtime):
    async def scene(b):
        await b.serve_rtu()

        async def meanwhile():
            await asyncio.sleep(0.6)
            b.pump.silent_units.add(1)
            await asyncio.sleep(0.8)
            b.pump.silent_units.discard(1)

        lines = await b.probe(runtime, 2.2, meanwhile=meanwhile)
        assert lines[0][1] == "ok" and lines[-1][1] == "ok"
        assert outcomes(lines) == {"ok", "Timeout"}

    bench(scene)


@RUNTIMES
def test_a_server_that_is_killed_and_restarted_is_found_again(bench, runtime):
    async def scene(b):
        await b.serve_tcp()

        async def meanwhile():
            await asyncio.sleep(0.7)
            await b.stop_server()
            await asyncio.sleep(0.5)
            await b.serve_tcp(b.port)

        lines = await b.probe(runtime, 2.5, meanwhile=meanwhile)
        assert lines[0][1] == "ok" and lines[-1][1] == "ok"
        assert "Closed" in outcomes(lines) and outcomes(lines) <= {"ok", "Closed", "Timeout"}

    bench(scene)


@RUNTIMES
def test_a_server_that_accepts_and_never_answers_is_a_time_out(bench, runtime):
    async def scene(b):
        async def swallow(reader, writer):
            while await reader.read(100):
                pass
            writer.close()

        server = await asyncio.start_server(swallow, "127.0.0.1", 0)
        b.link = f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}"
        lines = await b.probe(runtime, 1.2)
        server.close()
        assert outcomes(lines) == {"Timeout"} and 2 <= len(lines) <= 4

    bench(scene)


@RUNTIMES
def test_a_server_that_floods_is_left_and_does_not_hold_the_loop(bench, runtime):
    async def scene(b):
        async def flood(reader, writer):
            try:
                while True:
                    writer.write(b"\x00\x01\x00\x00" * 256)
                    await writer.drain()
            except ConnectionError:
                pass

        server = await asyncio.start_server(flood, "127.0.0.1", 0)
        b.link = f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}"
        lines = await b.probe(runtime, 1)
        server.close()
        assert outcomes(lines) <= {"ProtocolError", "Closed"}

    bench(scene)
