"""The demo station on real wires, with everything that it can do without in a board's heap, is interrupted while it
charges and the storage supports the guns."""

import signal
import time

import pytest

from hil_tests.unix_rig import UnixRig

pytestmark = pytest.mark.e2e

CAP_W = 400e3


def test_a_full_station_with_black_box_and_live_budget_ends_in_its_safe_state(tmp_path):
    with UnixRig(tmp_path) as rig:
        rig.wire()
        rig.plug("gun1", 400e3)
        rig.plug("gun2", 150e3)
        rig.plug("gun4", 50e3)
        (tmp_path / "black_box.request").touch()
        rig.power_on()
        storage = rig.plant.storage["pcs1"]
        assert rig.wait(lambda: rig.plant.grid_w > 350e3 and storage.power_w < -5e3, 30), rig.process.poll()
        assert rig.wait((tmp_path / "black_box_request.bin").exists, 20), "the black box does not run"
        rig.process.send_signal(signal.SIGINT)
        began_s, worst_w, said = time.monotonic(), 0.0, None
        while said is None:
            assert time.monotonic() - began_s < 20
            worst_w = max(worst_w, rig.plant.grid_w)
            time.sleep(0.02)
            said = rig.process.communicate()[0] if rig.process.poll() is not None else None
        assert rig.process.returncode == 0
        assert "stopped" in said and "not confirmed" not in said and "not enough memory" not in said, said
        assert worst_w <= CAP_W, "the storage let go before the guns were down"
        assert rig.wait(lambda: abs(storage.power_w) < 2e3, 3), storage.power_w  # what it was told last, it does
        for gun_id, fallback_w in (("gun1", 20e3), ("gun2", 20e3), ("gun3", 20e3), ("gun4", 60e3), ("gun5", 4140)):
            assert rig.plant.guns[gun_id].limit_w <= fallback_w + 500, gun_id
