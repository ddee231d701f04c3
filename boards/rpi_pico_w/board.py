"""Raspberry Pi Pico W (RP2040, 264 kB RAM, CYW43 Wi-Fi): pins, serial lines and limits.

Pin numbers are GP numbers. GP23, GP24, GP25 and GP29 belong to the Wi-Fi chip. The console stays on USB, so both UARTs
are free for RS-485. Facts: RP2040 data sheet (GPIO functions, watchdog), Pico W data sheet (Wi-Fi pins).
"""

NAME = "rpi_pico_w"

# name: (machine.UART id, tx, rx, RS-485 driver enable). The driver enable is high while the board sends.
UARTS = {
    "UART0": (0, 0, 1, 2),
    "UART1": (1, 4, 5, 6),
}

# name: RTS pin, which tells a DTU that there is no room. One that heeds it loses nothing while flash is written.
RTS = {"UART0": 3, "UART1": 7}

# name: (pin, pull, level of the pin while the contact is closed). The contact connects 3.3 V to the pin, which is
# pulled down: a broken wire then reads "open", and that is "pressed" for a normally closed emergency stop.
CONTACTS = {
    "ESTOP": (10, "down", 1),
    "RESET": (11, "down", 1),
}

# lwIP's own default of five TCP connections is not raised in MicroPython's rp2 port; one of them is MQTT's.
MAX_TCP = 5
# What remains for the program of the 192 kB MicroPython heap when TLS buffers (16 kB in, 4 kB out, from the same
# heap on this port) and fragmentation are taken off.
HEAP_BYTES = 150000
# The RP2040 watchdog counts 24 bits of half microseconds: 8388 ms is its longest period.
WATCHDOG_MS = 8000
