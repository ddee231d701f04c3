"""The firmware as it is, with one task more that measures: `budget_probe.py FIRST_S LAST_S` in a folder with a station.

After FIRST_S it prints one line of JSON: how old the control readings were ({device: [p99, max]}, ms, from the third
second on), by how much its own steps were late at worst, and the standing alarms; after LAST_S the alarms again.
"""

import asyncio
import gc
import json
import sys
from array import array

from firmware import start

READINGS = {
    "meter": ("power_w",),
    "pv": ("power_w",),
    "bms": ("soc_permille", "charge_max_w", "discharge_max_w"),
    "pcs": ("power_w",),
    "gun": ("state", "power_w"),
}
STEP_MS = 7  # in step with no period
START_MS = 2000
BUCKET_MS = 5
BUCKETS = 300


class Probe:
    def __init__(self, running, first_ms, last_ms):
        self.alarms, self.first_ms, self.last_ms = running.alarms, first_ms, last_ms
        self.readings = {each.id: [each.readings[n] for n in READINGS[each.role]] for each in running.devices.values()}
        self.counts = {name: array("H", [0] * BUCKETS) for name in self.readings}
        self.oldest_ms = {name: 0 for name in self.readings}
        self.late_ms = 0

    async def run(self):
        from drivers.ticks import sleep_ms, ticks_diff, ticks_ms

        started_ms = before_ms = ticks_ms()
        told = 0
        while told < 2:
            await sleep_ms(STEP_MS)
            now_ms = ticks_ms()
            elapsed_ms = ticks_diff(now_ms, started_ms)
            if elapsed_ms > START_MS and not told:
                self.late_ms = max(self.late_ms, ticks_diff(now_ms, before_ms) - STEP_MS)
                self.look(now_ms, ticks_diff)
            before_ms = now_ms
            if elapsed_ms >= (self.last_ms if told else self.first_ms):
                self.tell(told)
                told += 1

    def look(self, now_ms, ticks_diff):
        for name in self.readings:
            for reading in self.readings[name]:
                if reading.quality:
                    age_ms = ticks_diff(now_ms, reading.at_ms)
                    self.counts[name][min(BUCKETS - 1, age_ms // BUCKET_MS)] += 1
                    self.oldest_ms[name] = max(self.oldest_ms[name], age_ms)

    def tell(self, told):
        answer = {"alarms": [[each["code"], each["device"]] for each in self.alarms.active()]}
        if not told:
            answer["ages"] = {name: [self.p99_ms(name), self.oldest_ms[name]] for name in self.readings}
            answer["late_ms"] = self.late_ms
        print(json.dumps(answer))

    def p99_ms(self, name):
        """The lower edge of its bucket: never more than it was."""
        counts = self.counts[name]
        wanted = (sum(counts) * 99 + 99) // 100
        for bucket in range(BUCKETS):
            wanted -= counts[bucket]
            if wanted <= 0:
                return bucket * BUCKET_MS
        return BUCKETS * BUCKET_MS


def main(first_s, last_s):
    gc.threshold(8192)
    running = start.station()
    if running is None:
        sys.exit(2)
    gc.threshold(-1)
    running.supervisor.add("probe", Probe(running, 1000 * first_s, 1000 * last_s).run)
    asyncio.run(running.supervisor.run())


main(int(sys.argv[1]), int(sys.argv[2]))
