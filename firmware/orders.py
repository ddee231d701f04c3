"""What the platform has ordered beside limits on circuits: limits and stops of guns, guns that are out of service, and
the power of the storage. Loaded when the first such order comes, or comes back after a restart.
"""

from control.station import NO_LIMIT_W, OUT_OF_SERVICE_W, STOPPED_W
from drivers.ticks import const, ticks_add, ticks_diff
from firmware.limits import LimitsInForce

SOURCES = ("operator", "service")  # who may limit guns
_LOOK_MS = const(1000)  # an order that has expired is let go of by then


class Orders:
    """station: control.station.Station. `guns` are limits by gun, of which 0 W is a stop. `out` has a 1 for each gun
    that is out of service. The storage is asked for `storage_w` by `asker` ("" nobody) until `storage_until_ms`.

    Who changes any of it sets `changed`. `take()` runs in every cycle and allocates nothing.
    """

    def __init__(self, station):
        guns = [{"id": station.gun_ids[g], "cap_w": station.max_w[g]} for g in range(station.guns)]
        self.guns = LimitsInForce(guns, SOURCES, "gun")
        self.out = bytearray(station.guns)
        self.asker = ""
        self.storage_w = self.storage_until_ms = 0
        self.changed = True
        self._looked_ms = 0

    def take(self, inputs, now_ms: int) -> None:
        """Tells control what is ordered. inputs: of the station. now_ms: ticks of this cycle."""
        if not self.changed and ticks_diff(now_ms, self._looked_ms) < _LOOK_MS:
            return
        self.changed = False
        self._looked_ms = now_ms
        for g in range(len(self.out)):
            inputs.gun_limit_w[g] = OUT_OF_SERVICE_W if self.out[g] else self.guns.effective_w(g, now_ms)
        if self.asker and ticks_diff(self.storage_until_ms, now_ms) <= 0:
            self.asker = ""
        inputs.storage_wish_w = self.storage_w if self.asker else NO_LIMIT_W

    def ask(self, source: str, storage_w: int, expires_s: int, now_ms: int) -> None:
        """The storage is to take `storage_w` (+ charging) for `expires_s` (1..86,400 s)."""
        self.asker, self.storage_w = source, storage_w
        self.storage_until_ms = ticks_add(now_ms, expires_s * 1000)
        self.changed = True

    def storage_left_s(self, now_ms: int) -> int:
        """Seconds until nothing is asked of the storage any more, rounded up; 0 for none."""
        return max(0, (ticks_diff(self.storage_until_ms, now_ms) + 999) // 1000) if self.asker else 0

    def dispatch(self, now_ms: int) -> dict:
        """What is asked of the storage, for telemetry; empty for nothing."""
        left_s = self.storage_left_s(now_ms)
        return {"dispatch": {"source": self.asker, "w": self.storage_w, "expires_s": left_s}} if left_s else {}

    def items(self, now_ms: int) -> list:
        """What guns are limited by, for telemetry, as LimitsInForce.items(); `expires_s` None where nothing expires."""
        found = self.guns.items(now_ms)
        for g in range(len(self.out)):
            if self.out[g]:
                found.append({"source": "service", "gun": self.guns.circuits[g], "w": STOPPED_W, "expires_s": None})
        return found
