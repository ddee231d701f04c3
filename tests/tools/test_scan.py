"""`python -m tools.scan` as a technician runs it: on a serial line and over TCP, against simulated devices."""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from drivers.probe import HINT_ORDER, HINTS_EN, HINTS_ZH, Fit, Found
from tests.tools.sim.machines import station
from tools import scan
from tools.sim.plant import STEP_S, Plant
from tools.sim.servers import SimulatedStation

REPOSITORY = Path(__file__).parents[2]
LINE = ("line", "rtu", [("sdm630", "meter", "sdm630", 3, {}), ("foxess", "gun", "foxess_evc", 5,
        {"phases": 3, "min_w": 4140, "max_w": 11040, "fallback_w": 4140, "watchdog_s": 30})])  # fmt: skip
LAN = ("lan", "tcp", [("pv", "pv", "sunspec_inverter", 1, {"rated_w": 160000})])


def run(options, *buses):
    """(exit code, printed) of the command; options(wiring) gives its options."""

    async def whole():
        data = station(*buses)
        plant = Plant.from_station(data)
        sim = SimulatedStation(data, plant)
        await sim.start()
        try:
            for _ in range(50):
                plant.step(STEP_S)
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tools.scan", *options(sim.wiring), cwd=REPOSITORY,
                env={**os.environ, "COLUMNS": "200"}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            printed, _ = await asyncio.wait_for(process.communicate(), 60)
            return process.returncode, printed.decode()
        finally:
            await sim.stop()

    return asyncio.run(whole())


def test_a_serial_line_is_scanned(tmp_path):
    path = tmp_path / "found.json"

    def options(wiring):
        port = wiring["line"]["port"]
        return ["--port", port, "--baud", "115200", "--units", "1-6", "--gap-ms", "2", "--json", str(path)]

    code, printed = run(options, LINE)
    assert code == 0, printed
    assert "sdm630" in printed and "foxess_evc" in printed and "站号" in printed and "readings" in printed
    seen = json.loads(path.read_text(encoding="utf-8"))
    assert [(each["unit"], each["fits"][0]["profile"]) for each in seen] == [(3, "sdm630"), (5, "foxess_evc")]
    assert seen[0]["fits"][0]["values"]["power_w"] == 25000 and seen[0]["fits"][0]["score_permille"] == 1000


def test_a_host_is_scanned_in_one_language():
    def options(wiring):
        where = wiring["lan"]
        return ["--host", f"{where['host']}:{where['tcp_port']}", "--units", "1,2", "--lang", "en"]

    code, printed = run(options, LAN)
    assert code == 0 and "sunspec_inverter" in printed and "Simulated Solar SIM-INV" in printed
    assert "线路" not in printed


def test_nobody_there_is_an_answer_of_its_own():
    code, printed = run(lambda wiring: ["--port", wiring["line"]["port"], "--units", "9", "--timeout-ms", "60"], LINE)
    assert code == 1 and "无应答" in printed and "no answer" in printed
    code, printed = run(lambda wiring: ["--port", "/dev/none-such"], LINE)
    assert code == 2 and "无法打开" in printed and "/dev/none-such" in printed


def test_options_outside_their_range_are_refused():
    assert scan.units("1-3,126,2") == [1, 2, 3, 126]
    assert scan.hosts("10.0.0.8-10:1502") == [("10.0.0.8", 1502), ("10.0.0.9", 1502), ("10.0.0.10", 1502)]
    assert scan.hosts("gate-1.site") == [("gate-1.site", 502)]
    for function, text in ((scan.units, "0"), (scan.units, "1-248"), (scan.units, "5-3"), (scan.units, "x"),
                           (scan.units, "1-100"), (scan.hosts, "10.0.0.0-99"), (scan.hosts, "a:0"),
                           (scan.profiles, "sdm630,nothing")):  # fmt: skip
        with pytest.raises(argparse.ArgumentTypeError):
            function(text)


@pytest.mark.parametrize("language, shown, hidden", [("zh", HINTS_ZH, HINTS_EN), ("en", HINTS_EN, HINTS_ZH)])
def test_a_hint_stands_in_the_language_asked_for(language, shown, hidden):
    assert scan.hint_text([HINT_ORDER], language) == shown[HINT_ORDER]
    both = scan.hint_text([HINT_ORDER], "both")
    assert shown[HINT_ORDER] in both and hidden[HINT_ORDER] in both


def test_a_unit_that_nothing_fits_is_shown():
    found, other = Found(7), Found(8)
    other.fits = [Fit("sdm630", "meter", 1000, 2, {"power_w": 1}, [])]
    assert scan.table([("x", found), ("x", other)], "zh").row_count == 2
    assert scan.as_json([("x", found)]) == [{"line": "x", "unit": 7, "label": "", "fits": []}]
