"""Console: `response`."""

from firmware.cold import forget
from firmware.console_session import row

_COLUMNS = (12, -24, -20, -20)


async def response(session, argument):
    """Every gun: lag, fall and rise, each as counted / in the station file / seen (observations)."""
    from firmware.gun_response import told

    s = session.running.station
    await session.say(row(session.text("response_head").split("|"), _COLUMNS))
    for g in range(s.guns):
        gun = told(s, g)
        lag = gun["lag_ms"]
        seen = "-" if lag["seen"] is None else "%d+%d" % (lag["seen"], gun["within_ms"])
        cells = [gun["gun"], "%d/%d/%s (%d)" % (lag["counted"], lag["file"], seen, lag["count"])]
        for kind in (gun["ramp_down_w_s"], gun["ramp_up_w_s"]):
            seen = "-" if kind["seen"] is None else _kw(kind["seen"])
            cells.append("%s/%s/%s (%d)" % (_kw(kind["counted"]), _kw(kind["file"]), seen, kind["count"]))
        await session.say(row(cells, _COLUMNS))
    forget("firmware.gun_response")


def _kw(power_w):
    return "%d.%d" % (power_w // 1000, power_w // 100 % 10)
