# runs on: cpython, micropython
"""Signed commands for guns, storage and service: what reaches control, for how long, and what outlives a restart."""

import sys

for folder in ("tests/firmware", __file__.rsplit("/", 1)[0]):
    if folder not in sys.path:
        sys.path.append(folder)

from scratch import Folder  # noqa: E402
from signed_site import KEYS, NOW_S, Site  # noqa: E402
from telemetry_station import CONFIG  # noqa: E402

from control.station import NO_LIMIT_W, OUT_OF_SERVICE_W  # noqa: E402

FREE_W = [480000, 60000]
ORDERS = [
    {"kind": "gun", "authority": "operator", "gun": "gun2", "action": "limit", "limit_w": 20000, "expires_s": 600},
    {"kind": "gun", "authority": "operator", "gun": "gun1", "action": "stop", "expires_s": 600},
    {"kind": "gun", "authority": "operator", "gun": "gun1", "action": "start"},
    {"kind": "dispatch", "authority": "grid", "storage_w": -50000, "expires_s": 600},
    {"kind": "dispatch", "authority": "grid", "storage_w": None},
    {"kind": "maintenance", "authority": "service", "action": "out_of_service", "gun": "gun1"},
    {"kind": "maintenance", "authority": "service", "action": "in_service", "gun": "gun1"},
    {"kind": "maintenance", "authority": "service", "action": "restart"},
    {"kind": "config", "authority": "service", "telemetry_ms": 5000},
]


def dated(now_ms, fields):
    """Given just now, where the test does not say otherwise."""
    issued = fields.pop("issued", NOW_S + now_ms // 1000)
    return dict(fields, issued=issued, expires=issued + 60)


def gun(site, action, name="gun2", authority="operator", now_ms=0, **fields):
    return site.send(authority, "gun", now_ms, gun=name, action=action, **dated(now_ms, fields))


def dispatch(site, storage_w, expires_s=600, authority="operator", now_ms=0, **fields):
    fields = dated(now_ms, fields)
    return site.send(authority, "dispatch", now_ms, storage_w=storage_w, expires_s=expires_s, **fields)


def maintain(site, action, now_ms=0, **fields):
    return site.send("service", "maintenance", now_ms, action=action, **fields)


def test_a_limit_on_a_gun_reaches_control_until_it_expires():
    with Folder() as folder:
        site = Site(folder)
        assert site.told() == (FREE_W, NO_LIMIT_W)
        ack = gun(site, "limit", limit_w=20000, expires_s=600, issued=NOW_S - 50)
        assert ack["result"] == "accepted" and ack["code"] == "gun_limited" and "550" in ack["en"], ack
        assert site.told() == ([480000, 20000], NO_LIMIT_W)
        assert site.told(549_000)[0] == [480000, 20000] and site.told(550_000)[0] == FREE_W
        assert site.limits.items(0) == [] and site.effective_w() == 400000


def test_a_stop_is_zero_watts_and_a_start_ends_it_for_who_gave_it():
    with Folder() as folder:
        site = Site(folder)
        assert gun(site, "stop", expires_s=600)["code"] == "gun_stopped" and site.told()[0] == [480000, 0]
        assert gun(site, "limit", authority="service", limit_w=9000, expires_s=600)["code"] == "gun_limited"
        assert gun(site, "start", authority="service")["code"] == "gun_released" and site.told()[0] == [480000, 0]
        ack = gun(site, "start")
        assert ack["result"] == "done" and ack["code"] == "gun_released" and site.told()[0] == FREE_W


def test_of_two_authorities_the_tighter_one_counts_and_each_may_loosen_its_own():
    with Folder() as folder:
        site = Site(folder)
        gun(site, "limit", limit_w=20000, expires_s=600)
        gun(site, "limit", authority="service", limit_w=8000, expires_s=60)
        assert site.told()[0] == [480000, 8000] and site.told(60_000)[0] == [480000, 20000]
        gun(site, "limit", limit_w=50000, expires_s=600, now_ms=60_000)
        assert site.told(60_001)[0] == [480000, 50000]
        assert gun(site, "limit", limit_w=60001, expires_s=600, now_ms=61_000)["code"] == "would_loosen"


def test_what_is_no_order_for_a_gun_is_refused_by_name():
    with Folder() as folder:
        site = Site(folder)
        for fields, found in (
            ({"action": "limit", "limit_w": 0, "expires_s": 60}, "limit_w"),
            ({"action": "limit", "limit_w": True, "expires_s": 60}, "limit_w"),
            ({"action": "limit", "limit_w": 5000}, "expires_s"),
            ({"action": "stop", "expires_s": 86401}, "expires_s"),
            ({"action": "stop", "limit_w": 5000, "expires_s": 60}, '"limit_w"'),
            ({"action": "start", "expires_s": 60}, '"expires_s"'),
            ({"action": "pause"}, "action"), ({"action": ["stop"]}, "action"), ({"action": "absent"}, "action"),
        ):
            ack = site.send("operator", "gun", gun="gun2", **fields)
            assert ack["code"] == "bad_field" and found in ack["en"], (fields, ack)
        assert gun(site, "stop", name=7, expires_s=60)["code"] == "bad_field"
        ack = gun(site, "stop", name="gun3", expires_s=60)
        assert ack["code"] == "unknown_gun" and "gun1, gun2" in ack["en"]
        assert gun(site, "stop", expires_s=50, issued=NOW_S - 50)["code"] == "expired"
        assert gun(site, "stop", authority="grid", expires_s=60)["code"] == "no_right"
        assert site.told() == (FREE_W, NO_LIMIT_W)


def test_the_storage_is_asked_for_power_until_the_wish_expires():
    with Folder() as folder:
        site = Site(folder)
        ack = dispatch(site, -50000, issued=NOW_S - 50)
        assert ack["result"] == "accepted" and "-50.0 kW" in ack["en"] and "550" in ack["en"], ack
        assert site.told() == (FREE_W, -50000) and site.told(549_000)[1] == -50000
        assert site.limits.orders.dispatch(549_001) == {"dispatch": {"source": "operator", "w": -50000, "expires_s": 1}}
        assert site.told(550_000)[1] == NO_LIMIT_W and site.limits.orders.dispatch(550_000) == {}
        assert dispatch(site, 70000, now_ms=550_000)["code"] == "dispatched" and site.told(550_001)[1] == 70000
        ack = dispatch(site, None, expires_s="absent", now_ms=551_000)
        assert ack["result"] == "done" and ack["code"] == "dispatch_ended" and site.told(551_001)[1] == NO_LIMIT_W


def test_the_grid_goes_before_the_operator():
    with Folder() as folder:
        site = Site(folder)
        dispatch(site, 10000)
        assert dispatch(site, -20000, 60, "grid")["code"] == "dispatched" and site.told()[1] == -20000
        assert dispatch(site, 30000)["code"] == "outranked" and dispatch(site, None, "absent")["code"] == "outranked"
        assert site.told()[1] == -20000
        assert dispatch(site, 30000, now_ms=60_000)["code"] == "dispatched" and site.told(60_000)[1] == 30000


def test_a_dispatch_that_makes_no_sense_is_refused():
    with Folder() as folder:
        site = Site(folder)
        for storage_w in (1.5, "1", True, 10_000_001, -10_000_001, [1]):
            assert dispatch(site, storage_w)["code"] == "bad_field", storage_w
        assert dispatch(site, None)["code"] == "bad_field" and "expires_s" in dispatch(site, None)["en"]
        assert dispatch(site, 5, 0)["code"] == "bad_field" and dispatch(site, 5, station_w=7)["code"] == "bad_field"
        assert site.told()[1] == NO_LIMIT_W
        without = {key: CONFIG[key] for key in CONFIG}
        without["devices"] = [each for each in CONFIG["devices"] if each["role"] not in ("pcs", "bms")]
    with Folder() as folder:
        ack = dispatch(Site(folder, config=without), 5)
        assert ack["code"] == "not_supported" and "maintenance" in ack["en"] and "dispatch," not in ack["en"]


def test_a_gun_is_taken_out_of_service_and_back():
    with Folder() as folder:
        site = Site(folder)
        assert maintain(site, "out_of_service", gun="gun1")["code"] == "gun_out"
        assert site.told()[0] == [OUT_OF_SERVICE_W, 60000]
        assert site.limits.orders.items(0) == [{"source": "service", "gun": "gun1", "w": 0, "expires_s": None}]
        assert gun(site, "start", name="gun1")["code"] == "gun_released" and site.told()[0][0] == OUT_OF_SERVICE_W
        assert site.told(80_000_000)[0][0] == OUT_OF_SERVICE_W
        assert maintain(site, "in_service", gun="gun1")["code"] == "gun_in" and site.told()[0] == FREE_W
        assert maintain(site, "in_service", gun="gun7")["code"] == "unknown_gun"
        assert maintain(site, "in_service")["code"] == "bad_field" and maintain(site, "reset")["code"] == "bad_field"
        assert maintain(site, "restart", gun="gun1")["code"] == "bad_field"


def test_a_restart_is_ordered_once_however_often_the_message_comes():
    with Folder() as folder:
        site = Site(folder)
        message = site.message("service", "maintenance", action="restart")
        assert site.take(message)["code"] == "restarting" and site.commands.leaves
        again = Site(folder)
        assert again.take(message)["code"] == "restarting" and not again.commands.leaves


def test_the_period_of_telemetry_is_changed_within_the_range_of_the_station_file():
    with Folder() as folder:
        site = Site(folder)
        ack = site.send("service", "config", telemetry_ms=5000)
        assert ack["code"] == "setting_kept" and "telemetry_ms = 5000" in ack["en"]
        assert site.commands.telemetry_ms == 5000 and Site(folder).commands.telemetry_ms == 5000
        for period_ms in (199, 60001, "5000", True, 5.5, "absent"):
            assert site.send("service", "config", telemetry_ms=period_ms)["code"] == "bad_field", period_ms
        ack = site.send("service", "config", cap_w=900000)
        assert ack["code"] == "not_supported" and "telemetry_ms" in ack["en"] and "cap_w" in ack["en"]
        assert site.send("service", "config", telemetry_ms=None)["code"] == "setting_kept"
        assert site.commands.telemetry_ms is None and Site(folder).commands.telemetry_ms is None


def test_what_was_ordered_is_in_force_again_after_a_restart_for_as_long_as_it_lasts():
    with Folder() as folder:
        site = Site(folder)
        gun(site, "limit", limit_w=20000, expires_s=600)
        dispatch(site, -30000, 900)
        maintain(site, "out_of_service", gun="gun1")
        site.limit(300000)
        later = Site(folder, NOW_S + 100)
        assert later.told() == ([OUT_OF_SERVICE_W, 20000], -30000) and later.effective_w() == 300000
        assert later.told(499_000)[0] == [OUT_OF_SERVICE_W, 20000]
        assert later.told(500_000)[0] == [OUT_OF_SERVICE_W, 60000]
        assert Site(folder, NOW_S + 700).told() == ([OUT_OF_SERVICE_W, 60000], -30000)
        assert Site(folder, NOW_S + 900).told() == ([OUT_OF_SERVICE_W, 60000], NO_LIMIT_W)
        unaware = Site(folder, None)  # nobody knows how long the restart took
        assert unaware.told() == ([OUT_OF_SERVICE_W, 20000], -30000)


def test_a_station_that_was_never_ordered_anything_carries_no_orders():
    with Folder() as folder:
        site = Site(folder)
        site.limit(300000)
        assert site.limits.orders is None and Site(folder).limits.orders is None


def test_on_an_unknown_clock_only_what_tightens_is_carried_out():
    with Folder() as folder:
        site = Site(folder, None)
        assert gun(site, "limit", limit_w=20000, expires_s=600)["code"] == "gun_limited"
        assert gun(site, "limit", limit_w=30000, expires_s=600)["code"] == "would_loosen"
        assert gun(site, "limit", limit_w=10000, expires_s=60)["code"] == "gun_limited"
        assert site.told()[0] == [480000, 10000] and site.told(60_000)[0] == [480000, 20000]
        assert gun(site, "stop", expires_s=60)["code"] == "gun_stopped"
        assert maintain(site, "out_of_service", gun="gun1")["code"] == "gun_out"
        before = site.told()
        assert gun(site, "start")["code"] == "clock_unknown" and dispatch(site, 5)["code"] == "clock_unknown"
        assert dispatch(site, None, "absent")["code"] == "clock_unknown"
        assert maintain(site, "in_service", gun="gun1")["code"] == "clock_unknown"
        assert maintain(site, "restart")["code"] == "clock_unknown" and not site.commands.leaves
        assert site.send("service", "config", telemetry_ms=5000)["code"] == "clock_unknown"
        assert site.told() == before == ([OUT_OF_SERVICE_W, 0], NO_LIMIT_W)


def test_a_repeated_order_has_no_second_effect_and_a_used_counter_none_at_all():
    with Folder() as folder:
        site = Site(folder)
        stop = site.message("operator", "gun", gun="gun2", action="stop", expires_s=600)
        assert site.take(stop)["code"] == "gun_stopped" and gun(site, "start")["code"] == "gun_released"
        assert site.take(stop)["code"] == "gun_stopped" and site.told()[0] == FREE_W
        assert Site(folder).take(stop)["code"] == "gun_stopped" and site.commands.repeated == 1
        assert gun(site, "stop", expires_s=600, counter=1)["code"] == "replayed" and site.told()[0] == FREE_W


def test_nothing_takes_effect_that_flash_does_not_keep():
    with Folder() as folder:
        site = Site(folder)
        site.commands.path = folder.path + "/no/such/folder"
        for order in ORDERS:
            ack = site.send(**order)
            assert ack["code"] == "not_saved", (order, ack)
        assert site.told() == (FREE_W, NO_LIMIT_W) and site.commands.telemetry_ms is None and not site.commands.leaves


def test_without_a_key_nobody_orders_guns_storage_or_service():
    with Folder() as folder:
        site = Site(folder, held={})
        for kind in ("gun", "dispatch", "maintenance", "config"):
            ack = site.take(b'{"id":"a","type":"%s","gun":"gun1","action":"stop","expires_s":60}' % kind.encode())
            assert ack["code"] == "not_supported" and "limit, emergency_stop" in ack["en"], ack
        assert set(KEYS) == {"operator", "grid", "service"} and site.limits.orders is None


def test_the_orders_of_a_cycle_allocate_nothing():
    try:
        from micropython import heap_lock, heap_unlock
    except ImportError:
        return
    with Folder() as folder:
        site = Site(folder)
        for order in ORDERS[:4]:
            site.send(**order)
        maintain(site, "out_of_service", gun="gun2")
        orders, inputs = site.limits.orders, site.station.inputs
        heap_lock()
        try:
            for now_ms in range(0, 700_000, 200):
                orders.take(inputs, now_ms)
        finally:
            heap_unlock()
        assert inputs.gun_limit_w[1] == OUT_OF_SERVICE_W and inputs.storage_wish_w == NO_LIMIT_W
