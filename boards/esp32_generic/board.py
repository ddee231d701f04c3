"""ESP32 development board (WROOM-32, 520 kB RAM): pins, serial lines and limits.

UART0 is the console. The default pins of UART1 (GPIO9 and GPIO10) belong to the flash chip, so it is moved. GPIO16 and
GPIO17 of UART2 belong to the PSRAM on WROVER modules: such a board needs a folder of its own. GPIO34-39 have no pull
resistors and are not used for contacts. Facts: ESP32 data sheet and technical reference manual (GPIO, flash pins).
"""

NAME = "esp32_generic"

# name: (machine.UART id, tx, rx, RS-485 driver enable). The driver enable is high while the board sends.
UARTS = {
    "UART1": (1, 25, 26, 27),
    "UART2": (2, 17, 16, 4),
}

# name: RTS pin, which tells a DTU that there is no room. One that heeds it loses nothing while flash is written.
RTS = {"UART1": 13, "UART2": 14}

# name: (pin, pull, level of the pin while the contact is closed). The contact connects 3.3 V to the pin, which is
# pulled down: a broken wire then reads "open", and that is "pressed" for a normally closed emergency stop.
CONTACTS = {
    "ESTOP": (32, "down", 1),
    "RESET": (33, "down", 1),
}

# ESP-IDF's default CONFIG_LWIP_MAX_SOCKETS is 10; two are left for name resolution and a console.
MAX_TCP = 8
# The smallest heap that MicroPython gives a program on this chip with Wi-Fi on, rounded down.
HEAP_BYTES = 110000
# Task watchdog as MicroPython's machine.WDT sets it up; long enough for one flash sector erase.
WATCHDOG_MS = 8000
