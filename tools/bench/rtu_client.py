"""Our RTU client at work, on MicroPython: `micropython tools/bench/rtu_client.py PATH BAUD SECONDS COUNT`.

Reads COUNT holding registers again and again for SECONDS (a pseudo-terminal keeps no parity), and prints one line of
JSON: requests, errors, us.
"""

import asyncio
import sys

from boards.unix.uart import open_uart
from tools.bench.micro.rtu_rounds import measure

if __name__ == "__main__":
    baud, seconds, count = [int(each) for each in sys.argv[2:5]]
    asyncio.run(measure(open_uart, sys.argv[1], baud, 1000 * seconds, count))
