"""A bare 200 ms tick on MicroPython: what this machine does to a loop that has nothing else to do, in the same run.

Runs on MicroPython only: `micropython tools/bare_tick.py SECONDS` (0 = until killed). The same way of waiting as the
controller's cycle: an absolute grid, `asyncio.sleep_ms` to the next point. Prints a JSON line every 5 s and at the
end; the last one covers the whole time.
"""

import asyncio
import json
import sys
import time

PERIOD_MS = 200
BUCKETS = 2001  # lateness in steps of 0.1 ms; the last bucket holds 200 ms and more


def percentile(histogram, total, permille):
    """Upper edge, in ms, of the bucket that holds this share of the ticks."""
    need = (total * permille + 999) // 1000
    seen = 0
    for bucket, count in enumerate(histogram):
        seen += count
        if seen >= need:
            return (bucket + 1) / 10
    return len(histogram) / 10


def report(histogram, ticks, max_us):
    late = {
        "ticks": ticks,
        "late_p50_ms": percentile(histogram, ticks, 500),
        "late_p99_ms": percentile(histogram, ticks, 990),
        "late_max_ms": round(max_us / 1000, 1),
    }
    print(json.dumps(late))


async def tick(seconds):
    histogram = [0] * BUCKETS
    max_us = 0
    ticks = 0
    due_us = time.ticks_us()
    while not seconds or ticks * PERIOD_MS < seconds * 1000:
        due_us = time.ticks_add(due_us, PERIOD_MS * 1000)
        wait_us = time.ticks_diff(due_us, time.ticks_us())
        if wait_us > 0:
            await asyncio.sleep_ms((wait_us + 999) // 1000)
        late_us = max(0, time.ticks_diff(time.ticks_us(), due_us))
        histogram[min(BUCKETS - 1, late_us // 100)] += 1
        max_us = max(max_us, late_us)
        ticks += 1
        if ticks % 25 == 0:
            report(histogram, ticks, max_us)
    report(histogram, ticks, max_us)


if __name__ == "__main__":
    asyncio.run(tick(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
