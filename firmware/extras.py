"""What a station can do without, taken in this order while the heap lasts: the live latency budget, the black box.

An eighth of the heap stays free for tasks and messages. What found no room is said at the start and left out; the
station runs all the same.
"""

import gc

_RUNNING_SHARE = 8
_BUDGET_BYTES = 28000  # while it is made; some 5000 stay
_BLACK_BOX_BYTES = 16000  # its code, and the smallest ring worth having


def add(app, config, station, alarms, folder, version):
    """app: App with everything else built; gets the tasks of what there is room for."""
    if _room() is None or _room() >= _BUDGET_BYTES:
        from firmware.budget_watch import BudgetWatch, promised

        watch = BudgetWatch(promised(config), app.buses, app.devices, alarms)
        app.supervisor.add("budget", watch.run)
    else:
        _left_out("实时延迟预算", "live latency budget", _BUDGET_BYTES)
    if _room() is None or _room() >= _BLACK_BOX_BYTES:
        from firmware.black_box import BlackBox, ring_bytes

        about = {
            "station": config["station"]["id"],
            "board": config["board"],
            "version": version,
            "boots": app.state.values["boots"],
        }
        wanted, room = ring_bytes(station.guns), _room()
        box = BlackBox(station, folder, about, wanted if room is None else min(wanted, max(4096, room)))
        app.cycle.attach(box)
        app.supervisor.add("black box", box.run)
    else:
        _left_out("黑匣子", "black box", _BLACK_BOX_BYTES)


def _room():
    """Bytes that may still be taken; None where the heap has no bound (CPython)."""
    gc.collect()
    if not hasattr(gc, "mem_free"):
        return None
    return gc.mem_free() - (gc.mem_alloc() + gc.mem_free()) // _RUNNING_SHARE


def _left_out(zh, en, wanted):
    missing = wanted - _room()
    print("内存不足，未启用%s，缺 %d 字节 / not enough memory: no %s, %d bytes missing" % (zh, missing, en, missing))
