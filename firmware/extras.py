"""What a station can do without, taken in this order while the heap lasts: the live latency budget, the black box.

An eighth of the heap stays free for tasks, messages and the code of these. What found no room is said at the start and
left out; the station runs all the same.
"""

import gc

_RUNNING_SHARE = 8
_BUDGET_BYTES = 28000  # while it is made; some 5000 stay
_BLACK_BOX_LEAST_BYTES = 4096


def add(app, config, station, alarms, folder, version):
    """app: App with everything else built; gets the tasks of what there is room for."""
    room = _room()
    if room is None or room >= _BUDGET_BYTES:
        from firmware.budget_watch import BudgetWatch, promised

        watch = BudgetWatch(promised(config), app.buses, app.devices, alarms)
        app.supervisor.add("budget", watch.run)
    else:
        _left_out("实时延迟预算", "live latency budget", _BUDGET_BYTES - room)
    box = black_box(station, folder, config, version, app.state.values["boots"])
    if box is not None:
        app.cycle.attach(box)
        app.supervisor.add("black box", box.run)


def black_box(station, folder, config, version, boots):
    """A BlackBox as large as it wants, smaller, or None, after what the heap has left."""
    room = _room()
    if room is not None and room < _BLACK_BOX_LEAST_BYTES:
        _left_out("黑匣子", "black box", _BLACK_BOX_LEAST_BYTES - room)
        return None
    from firmware.black_box import BlackBox, ring_bytes

    about = {"station": config["station"]["id"], "board": config["board"], "version": version, "boots": boots}
    wanted = ring_bytes(station.guns)
    return BlackBox(station, folder, about, wanted if room is None else min(wanted, room))


def _room():
    """Bytes that may still be taken; None where the heap has no bound (CPython)."""
    gc.collect()
    if not hasattr(gc, "mem_free"):
        return None
    return gc.mem_free() - (gc.mem_alloc() + gc.mem_free()) // _RUNNING_SHARE


def _left_out(zh, en, missing):
    print("内存不足，未启用%s，缺 %d 字节 / not enough memory: no %s, %d bytes missing" % (zh, missing, en, missing))
