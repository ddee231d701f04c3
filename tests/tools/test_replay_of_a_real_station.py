"""The firmware on MicroPython, on wires, in a cloud front: its recording is replayed bit for bit on CPython."""

import subprocess
import sys

from hil_tests import unix_rig
from hil_tests.unix_rig import UnixRig
from tests.micropython_collector import REPOSITORY
from tools import replay_file


def replayed(rig, name):
    command = [sys.executable, "-m", "tools.replay", str(rig.folder / name), "--station",
               str(rig.folder / "station.json")]  # fmt: skip
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)


def span(frames, name):
    values = [frame.inputs[name] for frame in frames]
    values = [sum(value) if isinstance(value, list) else value for value in values]
    return max(values) - min(values)


def test_a_cloud_front_and_an_emergency_stop_are_replayed_bit_for_bit(tmp_path, monkeypatch):
    # The board of a bigger station: whether the box fits beside everything else is firmware/app.py's to decide.
    monkeypatch.setattr(unix_rig, "HEAP", "256wK")
    with UnixRig(tmp_path) as rig:
        rig.wire()
        rig.plant.pv["pv1"].available_w = 128e3
        for gun, watts in (("gun1", 450e3), ("gun2", 170e3), ("gun3", 170e3), ("gun4", 55e3)):
            rig.plug(gun, watts)
        rig.power_on()
        assert rig.wait(lambda: rig.plant.guns["gun1"].power_w > 100e3, 20), rig.process.poll()
        for watts in (110e3, 80e3, 50e3, 32e3):  # -80 % in some seconds
            rig.plant.pv["pv1"].available_w = watts
            rig.wait(lambda: False, 1.0)
        rig.wait(lambda: False, 4.0)
        rig.put("black_box.request", "")
        assert rig.wait(lambda: (rig.folder / "black_box_request.bin").exists(), 15), rig.process.poll()
        assert not (rig.folder / "black_box.request").exists()
        rig.wait(lambda: False, 2.0)  # it begins anew
        rig.contacts.set("ESTOP", 0)
        assert rig.wait(lambda: all(gun.limit_w == 0 for gun in rig.plant.guns.values()), 2)
        assert rig.wait(lambda: (rig.folder / "black_box_stop.bin").exists(), 15), rig.process.poll()
        assert rig.process.poll() is None
        assert not list(rig.folder.glob("*.tmp"))

    front = replay_file.load(rig.folder / "black_box_request.bin")
    assert sum(frame.dt_ms for frame in front.frames) > 12000
    assert span(front.frames, "pv_w") > 60000 and span(front.frames, "gun_w") > 50000
    assert len({frame.decisions["storage_setpoint_w"] for frame in front.frames}) > 10
    stop = replay_file.load(rig.folder / "black_box_stop.bin")
    assert stop.head["cause"] == "stop" and stop.frames[-1].decisions["grant_w"] == [0] * 6
    assert stop.frames[0].inputs["emergency_stop"] == 0 and stop.frames[-1].inputs["emergency_stop"] == 1
    assert not (rig.folder / "black_box_breach.bin").exists()
    for name in ("black_box_request.bin", "black_box_stop.bin"):
        done = replayed(rig, name)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "the same bit for bit" in done.stdout
