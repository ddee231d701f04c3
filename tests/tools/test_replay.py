"""A recording is run through control again: the same bits, or the first difference in its cycle."""

import asyncio
import csv
import io
import json
import random
import subprocess
import sys

import pytest

from control import entitlement, ladder, reflex
from control.station import Station
from control.step import step
from firmware import black_box
from firmware.black_box_file import save
from tests.firmware.black_box_station import World
from tests.firmware.rig import demo_config
from tests.firmware.test_black_box_fields import random_inputs
from tests.micropython_collector import HEAP, REPOSITORY, find_micropython, not_run
from tools import replay, replay_file
from tools.replay_file import RecordingError


def recorded(world, folder):
    world.box.folder = str(folder)
    return replay_file.load(asyncio.run(save(world.box)))


def replayed(recording, config):
    return replay.replay(recording, replay.rebuilt(config, recording))


@pytest.mark.parametrize("guns, cycles, seed", [(1, 60, 1), (6, 30, 2), (6, 400, 3), (12, 200, 4), (32, 150, 5)])
def test_every_decision_is_reproduced(tmp_path, guns, cycles, seed):
    world = World(guns, seed).run(cycles)
    world.frozen()
    recording = recorded(world, tmp_path)
    result = replayed(recording, world.config)
    assert result.difference is None
    assert result.cycles == len(recording.frames) > 25
    assert len({frame.decisions["storage_setpoint_w"] for frame in recording.frames}) > 10


@pytest.mark.parametrize("seed", range(5))
def test_a_station_on_which_anything_may_happen_is_reproduced(tmp_path, seed):
    draw, config = random.Random(seed), demo_config()
    station = Station(config)
    box = black_box.BlackBox(station, str(tmp_path), size=32768)  # nothing stands still here
    while not box.frozen:
        random_inputs(station, draw)
        dt_ms = draw.choice([200, 200, 200, 1000, 20000])
        step(station, dt_ms)
        box.record(dt_ms)
        for _ in range(draw.randrange(3)):
            grid_w = station.inputs.grid_w + draw.randrange(30000)
            reflex.react(station, grid_w)
            box.record_reflex(grid_w)
        if box.cycle < 120:
            box.cause = -1  # stops and breaches come thick here: none of them ends the recording
    recording = replay_file.load(asyncio.run(save(box)))
    result = replayed(recording, config)
    assert result.difference is None
    assert result.cycles > 25 and result.keys > 1


@pytest.mark.parametrize("guns, cycles", [(6, 250), (32, 120)])
def test_what_micropython_recorded_is_reproduced_on_cpython(tmp_path, guns, cycles):
    micropython = find_micropython() or not_run("micropython is not installed")
    command = [micropython, "-X", HEAP, "-m", "tests.firmware.black_box_station", ".", str(guns), str(cycles), "7"]
    done = subprocess.run(command, cwd=tmp_path, env={"MICROPYPATH": f"{REPOSITORY}:.frozen"}, timeout=60,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    recording = replay_file.load(tmp_path / "black_box_request.bin")
    result = replayed(recording, json.loads((tmp_path / "config.json").read_text()))
    assert result.difference is None and result.cycles > 40


def deaf_in_one_cycle(folder):
    """Gun 3 answers ever later: its age passes 1300 ms in one known cycle and never 1500 ms."""
    world = World(6).run(150)
    cycle = None
    world.box.trigger(black_box.REQUEST)
    for age_ms in (500, 700, 900, 1100, 1290, 1310, 1400, 400, 200):
        world.prepare()
        world.inputs.gun_age_ms[2] = age_ms
        world.decide()
        cycle = world.box.cycle if age_ms == 1310 else cycle
    world.frozen()
    return recorded(world, folder), world.config, cycle


def test_a_changed_constant_of_control_is_found_in_the_cycle_where_it_first_matters(tmp_path, monkeypatch):
    recording, config, cycle = deaf_in_one_cycle(tmp_path)
    assert replayed(recording, config).difference is None
    monkeypatch.setattr(entitlement, "_DEAF_MS", 1300)
    found = replayed(recording, config).difference
    assert found.cycle == cycle
    assert (found.field, found.when) == ("reason[2]", "decision")
    assert found.recorded != found.computed
    assert found.text("en") == f"cycle {cycle}, reason[2]: recorded {found.recorded}, computed {found.computed}"
    assert f"第 {cycle} 周期" in found.text("zh")


def test_a_changed_constant_that_is_never_reached_changes_nothing(tmp_path, monkeypatch):
    recording, config, _ = deaf_in_one_cycle(tmp_path)
    monkeypatch.setattr(ladder, "_FALL_BACK_MS", 50000)
    assert replayed(recording, config).difference is None


def test_one_decision_that_was_recorded_otherwise_is_found(tmp_path):
    world = World(6).run(100)
    world.frozen()
    recording = recorded(world, tmp_path)
    frame = recording.frames[40]
    frame.decisions["grant_w"][4] += 1
    found = replayed(recording, world.config).difference
    assert (found.cycle, found.field) == (frame.cycle, "grant_w[4]")
    assert found.recorded == found.computed + 1


def test_one_bit_of_a_checksum_is_found(tmp_path):
    world = World(6).run(100)
    world.frozen()
    recording = recorded(world, tmp_path)
    recording.frames[30].checksum ^= 1
    found = replayed(recording, world.config).difference
    assert found.cycle == recording.frames[30].cycle and found.field.startswith("checksum of entitled_w")


def test_one_value_of_a_memory_on_the_way_is_found(tmp_path):
    world = World(6).run(200)
    world.frozen()
    recording = recorded(world, tmp_path)
    key = [entry for entry in recording.entries if isinstance(entry, replay_file.Key)][1]
    key.state["unused_ms"][3] += 200
    found = replayed(recording, world.config).difference
    assert (found.cycle, found.field, found.when) == (key.cycle, "unused_ms[3]", "memory")


def test_one_reflex_that_came_out_otherwise_is_found(tmp_path):
    world = World(6).run(100)
    world.frozen()
    recording = recorded(world, tmp_path)
    entry = [entry for entry in recording.entries if isinstance(entry, replay_file.Reflex)][3]
    entry.decisions["storage_setpoint_w"] -= 1
    found = replayed(recording, world.config).difference
    assert (found.cycle, found.field, found.when) == (entry.cycle, "storage_setpoint_w", "reflex")


def test_another_station_file_is_refused_with_the_first_fact_that_differs(tmp_path):
    world = World(6).run(60)
    world.frozen()
    recording = recorded(world, tmp_path)
    world.config["devices"][-1]["max_w"] = 150000
    with pytest.raises(RecordingError) as caught:
        replayed(recording, world.config)
    assert "max_w[5]: found 180000 (recording), allowed 150000 (station file)" in str(caught.value)


@pytest.mark.parametrize("title, name", [("inputs", "gun_mood"), ("state", "mood_ms"), ("decisions", "mood")])
def test_a_field_that_this_control_does_not_have_is_refused(tmp_path, title, name):
    world = World(6).run(60)
    world.frozen()
    recording = recorded(world, tmp_path)
    recording.head["fields"][title].append([name, 0])
    with pytest.raises(RecordingError, match=f"fields.{name}"):
        replayed(recording, world.config)


def test_an_input_that_the_recording_does_not_have_is_refused(tmp_path):
    world = World(6).run(60)
    world.frozen()
    recording = recorded(world, tmp_path)
    recording.head["fields"]["inputs"] = recording.head["fields"]["inputs"][:-1]
    with pytest.raises(RecordingError, match="fields.circuit_limit_w: found nothing"):
        replayed(recording, world.config)


# -- the command --


@pytest.fixture
def demo_box(tmp_path):
    """A recording of the demo station: (path of the recording, path of its station file)."""
    from tests.firmware.rig import Rig

    rig = Rig()
    box = black_box.BlackBox(rig.station, str(tmp_path), {"station": "GC-DEMO-01"})
    rig.cycle.attach(box)
    rig.tick(60)
    box.trigger(black_box.REQUEST)
    rig.tick(20, pv_w=60000)
    return asyncio.run(save(box)), str(REPOSITORY / "tools" / "stations" / "demo.json")


def command(*arguments):
    return subprocess.run([sys.executable, "-m", "tools.replay", *arguments], cwd=REPOSITORY, timeout=60,
                          capture_output=True, text=True)  # fmt: skip


def test_the_command_ends_with_0_and_says_what_was_compared(demo_box):
    done = command(demo_box[0], "--station", demo_box[1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "75 cycles" in done.stdout and "the same bit for bit" in done.stdout
    assert "逐位一致" in done.stdout


def test_the_command_ends_with_1_and_the_first_difference(demo_box, monkeypatch, capsys):
    monkeypatch.setattr(ladder, "_CALM_MS", 1)
    monkeypatch.setattr("control.step._START_GRACE_MS", 0)
    assert replay.main([demo_box[0], "--station", demo_box[1], "--lang", "en"]) == 1
    assert "first at cycle 2, " in capsys.readouterr().out


def test_the_command_ends_with_2_for_what_it_refuses(demo_box, tmp_path):
    (tmp_path / "cut.bin").write_bytes(open(demo_box[0], "rb").read()[:-2000])
    done = command(str(tmp_path / "cut.bin"), "--station", demo_box[1])
    assert done.returncode == 2 and "cut.bin: " in done.stderr and "截断" in done.stderr
    done = command(demo_box[0], "--station", str(tmp_path / "none.json"))
    assert done.returncode == 2 and "none.json" in done.stderr


def test_as_csv_there_is_a_row_a_cycle_with_headings_in_the_language(demo_box):
    done = command(demo_box[0], "--station", demo_box[1], "--csv", "--lang", "zh")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == 75 and [int(row["周期"]) for row in rows] == list(range(2, 77))
    assert rows[-1]["gun1 原因"] and float(rows[-1]["gun1 批准 kW"]) > 0 and rows[-1]["光伏 kW"] == "60.0"
    assert "逐位一致" in done.stderr


def test_as_a_table_every_column_is_whole(demo_box):
    done = command(demo_box[0], "--station", demo_box[1], "--table", "--lang", "both")
    assert done.returncode == 0, done.stderr
    for text in ("gun6 原因 / gun6 reason", "储能设定 kW / setpoint kW", "peak_shaving", "…"):
        assert (text in done.stdout) == (text != "…"), text
