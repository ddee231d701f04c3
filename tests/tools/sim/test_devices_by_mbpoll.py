"""Simulated devices read and written by mbpoll (libmodbus, C) on a serial line and over TCP."""

import asyncio
import re

from tests.tools.sim.machines import HUAWEI_STRING, JANITZA, METERS, SUNGROW, station

VALUE = re.compile(r"^\[(\d+)\]:\s+(\S+)", re.MULTILINE)


async def mbpoll(program, where, *arguments):
    """(values by register, exit code). `where`: the bus as wired."""
    if "port" in where:
        place = ("-m", "rtu", "-b", "115200", "-P", "none", where["port"])
    else:
        place = ("-m", "tcp", "-p", str(where["tcp_port"]), where["host"])
    process = await asyncio.create_subprocess_exec(
        program, "-0", "-1", *arguments[0], *place, *arguments[1:],
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 20)
    return {int(at): value for at, value in VALUE.findall(output.decode())}, process.returncode


def test_the_meters_of_a_serial_line(on_bench, need_tool):
    program = need_tool("mbpoll")

    async def body(bench):
        line = bench.sim.wiring["line"]
        bench.plant.meter.power_w = 98_765.0
        found, code = await mbpoll(program, line, ("-a", "1", "-t", "3:float", "-B", "-r", "52"))
        assert (float(found[52]), code) == (98765.0, 0)
        found, _ = await mbpoll(program, line, ("-a", "2", "-t", "4:float", "-B", "-r", "8210"))
        assert float(found[8210]) == 987650.0
        found, _ = await mbpoll(program, line, ("-a", "4", "-t", "4:int", "-B", "-r", "362"))
        assert int(found[362]) == 98765
        _, code = await mbpoll(program, line, ("-a", "1", "-t", "3", "-r", "53", "-c", "1"))
        assert code != 0, "an odd address of an SDM630"

    on_bench(body, station(METERS))


def test_inverters_and_an_analyser_over_tcp(on_bench, need_tool):
    program = need_tool("mbpoll")

    async def body(bench):
        plant, wiring = bench.plant, bench.sim.wiring
        plant.pv["sg"].available_w, plant.pv["string"].available_w = 65_432.0, 87_654.0
        bench.advance(1)
        plant.meter.power_w = -1234.5
        found, _ = await mbpoll(program, wiring["sungrow"], ("-a", "2", "-t", "3:int", "-r", "5030"))
        assert int(found[5030]) == 65432, "low word first"
        found, _ = await mbpoll(program, wiring["huawei-string"], ("-a", "1", "-t", "4:int", "-B", "-r", "32080"))
        assert int(found[32080]) == 87654
        found, _ = await mbpoll(program, wiring["umg"], ("-a", "1", "-t", "4:float", "-B", "-r", "19026"))
        assert float(found[19026]) == -1234.5
        _, code = await mbpoll(program, wiring["sungrow"], ("-a", "2", "-t", "4", "-r", "5006"), str(0xAA), "300")
        bench.advance(2)
        assert code == 0 and plant.pv["sg"].power_w == 33_000
        _, code = await mbpoll(program, wiring["sungrow"], ("-a", "2", "-t", "4", "-r", "5007"), "1101")
        assert code != 0 and plant.pv["sg"].limit_w == 33_000
        words = [str(word) for word in (2, 0xBB, 4321)]
        _, code = await mbpoll(program, wiring["sungrow"], ("-a", "1", "-t", "4", "-r", "13049"), *words)
        bench.advance(2)
        found, _ = await mbpoll(program, wiring["sungrow"], ("-a", "1", "-t", "3", "-r", "13021"))
        assert code == 0 and plant.storage["sh-pcs"].power_w == -4321 and int(found[13021]) == 4321

    on_bench(body, station(SUNGROW, HUAWEI_STRING, JANITZA))
