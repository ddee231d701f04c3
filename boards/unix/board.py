"""The board that is a process: MicroPython's unix port under a test, a simulation or a demonstration.

Serial ports are device paths (a pseudo-terminal or a USB adapter), contacts are datagrams (see inputs.py).
"""

NAME = "unix"

# None: every name is accepted, it is the path of a serial port.
UARTS = None
# None: every name is accepted, the simulated station sends the level of each named contact.
CONTACTS = None

# No small limit of the operating system: as many as a station file can name, and MQTT.
MAX_TCP = 17
# Bytes of MicroPython heap the firmware is held to, in words of this machine (-X heapsize=190wK on 64 bits).
HEAP_BYTES = 389120
# A process has no hardware watchdog; the supervisor runs all the same.
WATCHDOG_MS = None
