"""The rig of the emulated Pico W: a meter alone on UART0, guns on UART1, the console on USB, all in its time."""

import json

from hil_tests.slave_line import SlaveLine
from tools.board.emulated import DRIVER_PINS, MS, EmulatedBoard
from tools.board.repl import Repl
from tools.sim.devices.catalogue import build_images
from tools.sim.gun import Vehicle
from tools.sim.plant import STEP_S, Plant

_STEP_NS = int(STEP_S * 1e9)


# What a gun of each profile is in the station file. The pile has no watchdog: it counts with its 60 kW for ever.
_GUNS = {
    "cn_pile_v2": {"max_w": 60000, "fallback_w": 60000, "watchdog_s": None},
    "alpitronic_hyc": {"max_w": 180000, "fallback_w": 20000, "watchdog_s": 30},
}


def station(guns, cap_w, profile="cn_pile_v2"):
    """A station file: one meter at 19200 baud on UART0, `guns` DC guns at 115200 baud on UART1."""
    devices = [
        {
            "id": "meter", "role": "meter", "profile": "acrel_dtsd1352", "bus": "meter-line", "unit": 1,
            "circuit": "grid", "ct_ratio": 160, "pt_ratio": 1, "refresh_ms": 200, "lag_ms": 100,
        }
    ]  # fmt: skip
    for number in range(guns):
        place = {"unit": number + 1}
        if profile == "alpitronic_hyc":  # two connectors a charger
            place = {"unit": number // 2 + 1, "connector": number % 2 + 1}
        devices.append(
            {
                "id": f"gun{number + 1}", "role": "gun", "profile": profile, "bus": "gun-line", **place,
                "circuit": "grid", "class": "fast", "min_w": 5000, **_GUNS[profile],
            }
        )  # fmt: skip
    return {
        "schema": 1,
        "station": {"id": "GC-HIL", "name": {"zh": "试验台", "en": "rig"}, "language": "zh"},
        "board": "rpi_pico_w",
        "cycle_ms": 200,
        "headroom_permille": 20,
        "base_load": {"max_w": 60000},
        "circuits": [{"id": "grid", "parent": None, "cap_w": cap_w}],
        "buses": [
            {"id": "meter-line", "kind": "rtu", "port": "UART0", "baud": 19200, "parity": "N", "stop_bits": 1},
            {"id": "gun-line", "kind": "rtu", "port": "UART1", "baud": 115200, "parity": "N", "stop_bits": 1},
        ],
        "devices": devices,
        "class_weights": {"guaranteed": 4, "super": 2, "fast": 1, "slow": 1},
    }


class EmulatedRig:
    """station: the station file as data. Leaving the context ends the board. The plant lives while the board runs.

    lines: bus id -> SlaveLine. truth: [(ns, grid W), ...] of the plant, one a step. beside: functions called after each
    step, for what is on a UART without a bus.
    """

    def __init__(self, station, seed=1):
        self.station = station
        ports = {bus["port"] for bus in station["buses"]}
        self.board = EmulatedBoard([DRIVER_PINS[n] if f"UART{n}" in ports else None for n in (0, 1)])
        self.beside = []
        self.repl = Repl(self.board)
        self.plant = Plant.from_station(station, base_w=20e3, seed=seed)
        images = build_images(station, self.plant)
        self.lines = {
            bus["id"]: SlaveLine(self.board, int(bus["port"][-1]), images[bus["id"]], seed) for bus in station["buses"]
        }
        self.truth = []
        self._images = [image for units in images.values() for image in units.values()]
        self._units = {device["id"]: (device["bus"], device["unit"]) for device in station["devices"]}
        self._stepped_ns = 0

    def __enter__(self):
        return self

    def __exit__(self, *rest):
        self.board.__exit__(*rest)

    def station_file(self) -> bytes:
        return json.dumps(self.station, ensure_ascii=False).encode()

    def plug(self, gun_id, watts=100e3, soc=0.3):
        """A car at a gun that takes `watts` at its battery."""
        self.plant.guns[gun_id].plug(Vehicle(80e3, soc, [(0.0, watts), (1.0, watts)], start_delay_s=1.0))

    # -- time --
    def run(self, ms):
        """Board and plant live for `ms`; a board without power leaves the plant running."""
        until_ns = max(self._stepped_ns, self.board.now_ns) + int(ms * MS)
        while self._stepped_ns < until_ns:
            step_ns = self._stepped_ns + _STEP_NS
            if step_ns > self.board.now_ns:
                self.board.run((step_ns - self.board.now_ns) / MS)
            self.plant.step()
            self._stepped_ns = step_ns
            self.truth.append((step_ns, self.plant.grid_w))
            for turn in self.beside:
                turn()
            if step_ns % (2 * _STEP_NS) == 0:
                for image in self._images:
                    image.tick(self.plant.time_s)

    def run_until(self, seen, ms) -> bool:
        """True as soon as seen() is true, looked at every 20 ms; False when it is not within `ms`."""
        until_ns = self._stepped_ns + int(ms * MS)
        while not seen():
            if self._stepped_ns >= until_ns:
                return False
            self.run(STEP_S * 1000)
        return True

    # -- what is seen --
    def line(self, device_id) -> SlaveLine:
        return self.lines[self._units[device_id][0]]

    def requests(self, device_id):
        """[(board seconds, function code, address, count), ...] that concern the device, oldest first."""
        bus_id, unit = self._units[device_id]
        line = self.lines[bus_id]
        return [each for each in line.requests(unit) if line.images[unit].owns(device_id, each[2])]

    def reads(self, device_id):
        return [each for each in self.requests(device_id) if each[1] in (3, 4)]

    def writes(self, device_id):
        return [each for each in self.requests(device_id) if each[1] in (6, 16)]

    def worst_w(self, since_ns=0):
        """The most that the station drew from the grid since a moment, in any step of the plant."""
        return max(grid_w for at_ns, grid_w in self.truth if at_ns >= since_ns)
