"""A station in virtual time with a black box, for both runtimes: guns that follow their limits, a meter that is read
every cycle, power readings of guns every other one, a cloud front, cars that come.

    micropython black_box_station.py FOLDER GUNS CYCLES SEED

saves the recording of a request in FOLDER and the station's config beside it.
"""

import asyncio
import json
import sys

from control.reflex import react
from control.station import Station
from control.step import step
from firmware.black_box import REQUEST, BlackBox
from firmware.black_box_file import save
from tests.control.stations import config, fresh


class Draw:
    """Numbers that are the same on both runtimes: a linear congruential generator in 31 bits."""

    def __init__(self, seed):
        self.state = seed & 0x7FFF

    def below(self, limit):
        """0 .. limit - 1; limit at most 2^15."""
        self.state = (self.state * 1103 + 12345) & 0xFFFFF
        return (self.state >> 5) % limit


def station_config(guns):
    """A few big guns, the rest ordinary ones, behind a transformer that all can fill. Also a checked station file."""
    kinds = [{"class": "super", "max_w": 480000}] + [{}] * (guns - 1)
    return config(kinds, cap_w=400000 if guns < 10 else 60000 * guns)


class World:
    def __init__(self, guns, seed=1, folder=".", size=0):
        self.config = station_config(guns)
        self.station = Station(self.config)
        self.draw = Draw(seed)
        self.box = BlackBox(self.station, folder, {"station": "VIRTUAL", "boots": seed}, size)
        self.inputs = fresh(self.station)
        self.dt_ms = 200
        self.cycle = 0
        self.wants_w = [30000 + self.draw.below(32000) * (14 if g == 0 else 4) for g in range(guns)]
        self.pv_w = 128000

    def prepare(self):
        """The inputs of the next cycle."""
        inputs, station, draw = self.inputs, self.station, self.draw
        self.cycle += 1
        if self.cycle % 100 > 50:
            self.pv_w = max(25000, self.pv_w - 4000)
        elif self.pv_w < 128000:
            self.pv_w += 2000
        inputs.pv_w[0] = self.pv_w + draw.below(400)
        inputs.pv_age_ms[0] = 40 + draw.below(60)
        sum_w = 25000 + draw.below(600) - inputs.pv_w[0]
        for g in range(station.guns):
            sum_w += self._gun(g)
        inputs.storage_w = station.storage_setpoint_w
        inputs.storage_age_ms = 30 + draw.below(40)
        inputs.bms_age_ms = self.cycle % 5 * self.dt_ms + 30
        inputs.grid_w = sum_w + inputs.storage_w
        inputs.grid_age_ms = 100 + draw.below(90)
        self.dt_ms = 199 + draw.below(3)

    def _gun(self, g):
        inputs, station, draw = self.inputs, self.station, self.draw
        if station.grant_w[g] >= 0:
            inputs.gun_upper_w[g] = station.grant_w[g]
        plugged = self.cycle > 20 + 9 * (g % 11)
        inputs.gun_state[g] = 2 if plugged else 0
        inputs.gun_age_ms[g] += self.dt_ms
        if (self.cycle + g) % 2 == 0:
            inputs.gun_age_ms[g] = 40 + draw.below(120)
            power_w = min(inputs.gun_upper_w[g], self.wants_w[g]) if plugged else 0
            inputs.gun_w[g] = min(power_w, inputs.gun_w[g] + 8000) // 100 * 100
        return inputs.gun_w[g]

    def decide(self):
        """One cycle and, now and then, a meter sample after it. Allocates nothing."""
        step(self.station, self.dt_ms)
        self.box.record(self.dt_ms)
        if self.cycle % 3 == 0:
            grid_w = self.inputs.grid_w + (9000 if self.cycle % 60 == 0 else 0)
            react(self.station, grid_w)
            self.box.record_reflex(grid_w)

    def run(self, cycles):
        for _ in range(cycles):
            self.prepare()
            self.decide()
        return self

    def frozen(self, cause=REQUEST):
        self.box.trigger(cause)
        while not self.box.frozen:
            self.run(1)
        return self.box


def main(folder, guns, cycles, seed):
    world = World(int(guns), int(seed), folder).run(int(cycles))
    with open(folder + "/config.json", "w") as file:
        json.dump(world.config, file)
    print(asyncio.run(save(world.frozen())))


if __name__ == "__main__":
    main(*sys.argv[1:])
