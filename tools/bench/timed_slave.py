"""A Modbus RTU slave on a pseudo-terminal that keeps the byte times of a line.

`python -m tools.bench.timed_slave BAUD` prints ["path"] and serves reads (function 3) of unit 1, register n holding n,
until its input ends. Characters of 11 bits, 3.5 characters of silence before the answer, turnaround 0: the answer is
handed over when its last byte would have arrived. A request that begins before the gap after the last answer is over
is a collision: it is not answered, as on a line that is not silent. It never sleeps, because a line has no wake-up
time: it takes a core for itself.
"""

import json
import os
import select
import struct
import sys
import time
import tty

from tools.sim.serial_line import crc16

REQUEST_BYTES = 8


def line_times(baud):
    """(s per character of 11 bits, s of the gap between two frames)."""
    return 11 / baud, 0.00175 if baud > 19200 else 3.5 * 11 / baud


def permitted_per_s(baud, registers):
    """Requests a second that the line itself permits: request, gap, answer, gap."""
    character_s, gap_s = line_times(baud)
    return 1 / ((REQUEST_BYTES + 5 + 2 * registers) * character_s + 2 * gap_s)


def until(moment_s):
    while time.monotonic() < moment_s:
        pass


def serve(baud):
    master, slave = os.openpty()
    tty.setraw(slave)
    character_s, gap_s = line_times(baud)
    print(json.dumps([os.ttyname(slave)]), flush=True)
    free_s = 0.0
    while True:
        ready = select.select([master, sys.stdin], [], [], 0)[0]
        if sys.stdin in ready:
            return
        if not ready:
            continue
        frame = os.read(master, 512)
        now_s = time.monotonic()
        if now_s < free_s or len(frame) != REQUEST_BYTES or crc16(frame) != 0 or frame[:2] != b"\x01\x03":
            continue
        register, count = struct.unpack(">HH", frame[2:6])
        answer = struct.pack(f">BBB{count}H", 1, 3, 2 * count, *range(register, register + count))
        answer += crc16(answer).to_bytes(2, "little")
        ends_s = now_s + (REQUEST_BYTES + len(answer)) * character_s + gap_s
        until(ends_s)
        os.write(master, answer)
        free_s = ends_s + gap_s


if __name__ == "__main__":
    serve(int(sys.argv[1]))
