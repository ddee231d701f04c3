"""Console: `response`."""

from control.response import FALL, LAG, OBSERVED, RESOLUTION, RISE
from firmware.console_session import pad

_COLUMNS = (12, -24, -20, -20)


async def response(session, argument):
    """Every gun: lag, fall and rise, each as counted / in the station file / seen (observations)."""
    s = session.running.station
    await session.say(_row(session.text("response_head").split("|")))
    for g in range(s.guns):
        first = g * OBSERVED
        row = [s.gun_ids[g]]
        seen = _seen(s, first + LAG, 1)
        if seen != "-":
            seen += "+%d" % s.observed[first + RESOLUTION]
        row.append("%d/%d/%s (%d)" % (s.lag_now_ms[g], s.lag_ms[g], seen, s.observed[first + LAG + 2]))
        for kind, counted, file in ((FALL, s.fall_now_w_s, s.ramp_down_w_s), (RISE, s.rise_now_w_s, s.ramp_up_w_s)):
            args = _kw(counted[g]), _kw(file[g]), _seen(s, first + kind, 1000), s.observed[first + kind + 2]
            row.append("%s/%s/%s (%d)" % args)
        await session.say(_row(row))


def _seen(s, at, unit):
    if s.observed[at + 2] < 2:
        return "-"
    return str(s.observed[at + 1]) if unit == 1 else _kw(s.observed[at + 1])


def _kw(power_w):
    return "%d.%d" % (power_w // 1000, power_w // 100 % 10)


def _row(cells):
    return " ".join([pad(cells[at], _COLUMNS[at]) for at in range(len(_COLUMNS))])
