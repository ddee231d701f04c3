"""Console: `alarms`, `limits` and `log`."""

from drivers.ticks import ticks_diff, ticks_ms


async def alarms(session, argument):
    active = session.running.alarms.active()
    for each in active:
        await session.say("%s: %s" % (each["device"], each[("zh", "en")[session.console.language]]))
    if not active:
        await session.tell("no_alarms")


async def limits(session, argument):
    running, now_ms = session.running, ticks_ms()
    limits = running.limits
    for at in range(running.station.named_circuits):
        source = session.who(limits.source(at, now_ms))
        await session.tell("limit", at, limits.cap_w(at), limits.effective_w(at, now_ms), source)
        for each in limits.items(now_ms):
            if each["circuit"] == running.station.circuit_ids[at]:
                await session.tell("limit_until", session.who(each["source"]), each["w"], each["expires_s"])
    if limits.orders is not None:
        await _orders(session, limits.orders, now_ms)


async def _orders(session, orders, now_ms):
    for each in orders.items(now_ms):
        if each["expires_s"] is None:
            await session.tell("gun_out", each["gun"])
        else:
            await session.tell("gun_limit", each["gun"], session.who(each["source"]), each["w"], each["expires_s"])
    left_s = orders.storage_left_s(now_ms)
    if left_s:
        await session.tell("storage_asked", session.who(orders.asker), orders.storage_w, left_s)


async def log(session, argument):
    running, now_ms = session.running, ticks_ms()
    for at_ms, active, alarm in running.alarms.recent:
        key = "log_raised" if active else "log_cleared"
        await session.tell(key, max(0, ticks_diff(now_ms, at_ms)), alarm[2], alarm[3 + session.console.language])
    if not running.alarms.recent:
        await session.tell("no_log")
    gate = running.gate
    await session.tell("log_flash", gate.writes, gate.longest_ms, gate.late, gate.late_max_ms)
    for task in running.supervisor.tasks:
        if task.restarts:
            await session.tell("log_task", task.name, task.restarts, task.last_error)
