"""alpitronic HYC DC fast chargers: one Modbus TCP server, connectors 1 to 4."""

from drivers.decode import u16, u32
from drivers.output import Output
from drivers.point import Point
from drivers.profile import Profile

# 0 available, 1 preparing (tag), 2 preparing (vehicle), 3 charging, 4 suspended by the vehicle, 5 suspended by the
# station, 6 finishing, 7 reserved, 8 unavailable, 9 firmware update, 10 faulted, 11 connector unavailable.
_STATES = {0: 0, 1: 1, 2: 1, 3: 2, 4: 3, 5: 3, 6: 3, 7: 5, 8: 5, 9: 5, 10: 4, 11: 5}


class AlpitronicHyc(Profile):
    """The station falls back by itself when it is not polled within its GridFallbackTimeout; polling is the
    watchdog."""

    name = "alpitronic_hyc"
    role = "gun"
    grade = "A"
    source = "evcc and OpenEMS alpitronic drivers agree"
    needs = ("connector", "max_w")
    # 0 W makes the connector "unavailable" and aborts the session; this little keeps it.
    standby_w = 1547
    points = (
        Point("state", 4, 0, u16, meaning=_STATES),
        Point("energy_wh", 4, 7, u16, num=10),
        Point("soc_permille", 4, 8, u16, den=10, high=1000),
        Point("power_w", 4, 36, u32, high=("max_w", 2000)),  # AC side
    )
    outputs = (Output("limit_w", 16, 0, words=2, high=("max_w", 1000)),)  # AC watts

    def base(self, params):
        return 100 * params["connector"]


PROFILE = AlpitronicHyc()
