"""Plain controllers to compare with: every so many seconds, sum of guns = what they draw + cap - what the meter shows.
They read guns and meter without any delay of a bus, write without one, and know neither storage nor promises.
"""

from tools.baseline import share_equally


def feedback(period_s, first_s):
    """A controller class for `tools.loop.Loop`: acts at first_s and every period_s after it."""

    class Feedback:
        def __init__(self, station, wires):
            self.cap_w = next(circuit["cap_w"] for circuit in station["circuits"] if circuit["parent"] is None)
            self.plant, self.wires = wires.plant, wires
            self.next_s = first_s % period_s

        def cycle(self, now_s, dt_ms):
            if now_s + 1e-9 < self.next_s:
                return
            self.next_s += period_s
            heard = [gun for gun in self.plant.guns.values() if not self.wires.links[gun.id].silent]
            shown_w = self.wires.links["meter"].values
            meter_w = shown_w[0] if self.wires.links["meter"].frozen else self.plant.meter.power_w
            total_w = sum(gun.power_w for gun in heard) + self.cap_w - meter_w
            for gun, share_w in zip(heard, share_equally(total_w, [gun.wants_w for gun in heard]), strict=True):
                gun.write_limit(max(share_w, gun.min_w))

        def between(self, now_s):
            """It looks at nothing between two of its turns."""

    return Feedback
