"""Console: `devices` and `bus`."""

from drivers.ticks import ticks_ms
from firmware.console_session import row

_DEVICE = (12, 8, 20, 14, -4, 14)
_BUS = (14, -9, -9, -9, -7, -8, -7, 8)


async def devices(session, argument):
    await session.say(row(session.text("device_head").split("|"), _DEVICE))
    now_ms = ticks_ms()
    for each in session.running.buses:
        for device in each.devices:
            answered = session.text("device_silent")
            if device.alive(now_ms):
                answered = session.text("device_ago", device.silence_ms(now_ms))
            cells = [device.id, device.role, device.profile.name, each.id, str(device.unit), answered]
            await session.say(row(cells, _DEVICE))


async def bus(session, argument):
    await session.say(row(session.text("bus_head").split("|"), _BUS))
    for each in session.running.buses:
        totals = [0] * 6
        for device in each.devices:
            health = device.health
            counts = (health.requests, health.answers, health.timeouts, health.crc_errors, health.exceptions)
            for at in range(len(counts)):
                totals[at] += counts[at]
            totals[5] = max(totals[5], health.turnaround_ms(990))
        state = session.text("bus_open" if each.client.link.is_open else "bus_closed")
        await session.say(row([each.id] + [str(total) for total in totals] + [state], _BUS))
        if each.problem is not None:
            await session.say("  %s" % each.problem)
