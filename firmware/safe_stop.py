"""The end of the program: brings the station to its safe state first. Nobody commands it afterwards.

Every gun gets the limit to which it would fall back by itself, if that is less than what it has now, and storage that
charges stops. Once the guns have come down, or after some seconds, the storage stops supporting them and vehicles stop
discharging. Loaded when the program is interrupted.
"""

import asyncio
import sys

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms

_LOOK_MS = 20
_GUNS_MS = 6000  # 480 kW at 80 kW/s
_STORAGE_MS = 1500
_SLACK_W = 1000  # readings swing, and a device rounds what it is told
_CTRL_C = 3
_FEED_MS = 2000
_AWAKE_MS = 900000  # of a board whose watchdog cannot be stopped, for whoever interrupted; then the station comes back


def bring(running) -> list:
    """Ends the station in order, within 8 s. running: Running, whose loop has been left by an interrupt. The ids of
    devices that have not confirmed what they were told."""
    _listen_to_interrupts(False)
    try:
        return asyncio.run(_bring(running))
    finally:
        _listen_to_interrupts(True)
        if running.supervisor.feed is not None:
            running.awake = _keep_awake(running.supervisor.feed)


async def _bring(running):
    running.cycle.halted = True
    running.supervisor.start_tasks()
    station, devices = running.station, running.devices
    told = []  # (device, setpoint)
    for g in range(station.guns):
        gun = devices[station.gun_ids[g]]
        limit = gun.setpoints["limit_w"]
        if limit.has_want:  # else it was never ours
            limit.want(min(limit.wanted, station.fallback_w[g]))
            told.append((gun, limit))
    stores = [each for each in devices.values() if each.role == "pcs"]
    for pcs in stores:
        if pcs.setpoints["power_w"].wanted > 0:
            pcs.setpoints["power_w"].want(0)
    await _until(running, told, _GUNS_MS)
    for _, limit in told:
        if limit.wanted < 0:
            limit.want(0)
    for pcs in stores:
        if pcs.setpoints["power_w"].has_want:
            pcs.setpoints["power_w"].want(0)
            told.append((pcs, pcs.setpoints["power_w"]))
    await _until(running, told, _STORAGE_MS)
    now_ms = ticks_ms()
    return [device.id for device, setpoint in told if not _has_confirmed(device, setpoint, now_ms)]


async def _until(running, told, longest_ms):
    """Until every device that answers has done what it was told."""
    since_ms = now_ms = ticks_ms()
    while ticks_diff(now_ms, since_ms) < longest_ms:
        if running.supervisor.feed is not None:
            running.supervisor.feed()
        if all([_has_followed(device, setpoint, now_ms) for device, setpoint in told if device.alive(now_ms)]):
            return
        await sleep_ms(_LOOK_MS)
        now_ms = ticks_ms()


def _has_confirmed(device, setpoint, now_ms):
    return device.alive(now_ms) and setpoint.held_known and abs(setpoint.held - setpoint.wanted) <= _SLACK_W


def _has_followed(device, setpoint, now_ms):
    if not _has_confirmed(device, setpoint, now_ms):
        return False
    return device.role != "gun" or device.readings["power_w"].value <= max(0, setpoint.held) + _SLACK_W


def _listen_to_interrupts(listens):
    """mpremote sends more than one; the second must not end this."""
    if sys.implementation.name == "micropython":
        from micropython import kbd_intr

        kbd_intr(_CTRL_C if listens else -1)


def _keep_awake(feed):
    """Feeds the watchdog for a while after the program has ended. Gives what must not be collected meanwhile."""
    from machine import Timer

    left = [_AWAKE_MS // _FEED_MS]

    def awake(_):
        if left[0] > 0:
            left[0] -= 1
            feed()

    return Timer(0 if sys.platform == "esp32" else -1, period=_FEED_MS, callback=awake)
