"""A board is switched on: what it does first, and what never keeps it from starting."""

import signal


def test_every_device_is_read_before_any_limit_is_written(rig):
    rig.wire()
    rig.plug("gun2")
    rig.power_on()
    assert rig.wait(lambda: rig.writes("gun2")), rig.process.poll()
    first_write_s = rig.writes("gun2")[0][0]
    for device in ("meter", "pv1", "pcs1", "gun1", "gun2", "gun3", "gun4", "gun5", "gun6"):
        assert rig.reads(device) and rig.reads(device)[0][0] < first_write_s, device
    assert rig.wait(lambda: rig.plant.guns["gun2"].power_w > 50e3, 15)


def test_a_missing_port_and_a_dead_device_keep_nobody_else_from_starting(rig):
    rig.wire()
    rig.plug("gun2")
    rig.call(rig.simulated.refuse("lan-super", True))
    rig.simulated.silence("gun6", True)
    rig.station["buses"][2]["port"] = str(rig.folder / "no-such-port")
    rig.put("station.json", rig.station)
    rig.power_on()
    # A gun never heard counts at its 480 kW until its own watchdog and ramp have certainly brought it down: 17 s.
    assert rig.wait(lambda: rig.plant.guns["gun2"].power_w > 50e3, 40), rig.process.poll()
    assert rig.process.poll() is None
    assert not rig.simulated.polls("gun4")
    rig.call(rig.simulated.refuse("lan-super", False))
    assert rig.wait(lambda: rig.writes("gun1"), 15)


def test_a_station_file_that_is_refused_starts_nothing(rig):
    rig.wire()
    rig.station["devices"][4]["circuit"] = "no-such-circuit"
    rig.put("station.json", rig.station)
    rig.power_on()
    said, _ = rig.process.communicate(timeout=10)
    assert rig.process.returncode == 2
    assert "devices[4].circuit" in said and "no-such-circuit" in said and "dc-hall" in said
    assert "回路" in said
    assert not any(rig.simulated.polls(device["id"]) for device in rig.station["devices"])


def test_an_interrupt_ends_it_in_order(rig):
    rig.wire()
    rig.power_on()
    assert rig.wait(lambda: len(rig.reads("meter")) > 5)
    rig.process.send_signal(signal.SIGINT)
    said, _ = rig.process.communicate(timeout=5)
    assert rig.process.returncode == 0
    assert "stopped" in said


def test_the_contact_stops_every_gun_and_only_the_reset_on_site_releases_it(rig):
    rig.wire()
    rig.plug("gun2")
    rig.plug("gun4", 50e3)
    rig.power_on()
    assert rig.wait(lambda: rig.plant.guns["gun4"].power_w > 40e3, 15)
    rig.contacts.set("ESTOP", 0)
    assert rig.wait(lambda: all(gun.limit_w == 0 for gun in rig.plant.guns.values()), 2)
    rig.contacts.set("ESTOP", 1)
    assert not rig.wait(lambda: rig.plant.guns["gun4"].limit_w > 0, 2)
    rig.kill()
    rig.power_on()  # a restart does not release it either
    assert not rig.wait(lambda: rig.plant.guns["gun4"].limit_w > 0, 4)
    rig.contacts.set("RESET", 1)
    assert rig.wait(lambda: rig.plant.guns["gun4"].limit_w >= 5e3, 5)
