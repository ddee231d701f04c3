# runs on: cpython, micropython
import sys

from drivers.build import build_buses
from drivers.ticks import ticks_add, ticks_ms
from firmware.alarms import Alarms
from firmware.budget_watch import CODE, BudgetWatch
from firmware.take_in import promised
from tests.heap import heap_lock, heap_unlock

METER, LAN, WALL = "rs485-meter", "lan-pcs", "rs485-ac"
CONFIG = {
    "cycle_ms": 200,
    "buses": [
        {"id": METER, "kind": "rtu", "port": "UART1", "baud": 19200},
        {"id": LAN, "kind": "tcp", "host": "127.0.0.1"},
        {"id": WALL, "kind": "rtu", "port": "UART2", "baud": 9600},
    ],
    "devices": [
        {"id": "meter", "role": "meter", "profile": "acrel_dtsd1352", "bus": METER, "unit": 1, "ct_ratio": 160},
        {"id": "pcs1", "role": "pcs", "profile": "sinexcel_pws2", "bus": LAN, "unit": 1, "rated_w": 200000},
        {"id": "bms1", "role": "bms", "profile": "bcu_generic", "bus": LAN, "unit": 2},
        {"id": "gun1", "role": "gun", "profile": "heidelberg_ec", "bus": WALL, "unit": 1, "phases": 3,
         "max_w": 11040},
        {"id": "gun2", "role": "gun", "profile": "heidelberg_ec", "bus": WALL, "unit": 2, "phases": 3,
         "max_w": 11040},
    ],
}


def no_port(*settings):
    raise OSError(2)


class Scene:
    """The devices without wires: readings are put in, the clock is moved by hand."""

    def __init__(self):
        promise = promised(CONFIG)
        self.buses, self.devices = build_buses(CONFIG, no_port)
        self.alarms = Alarms(1, ["grid"])
        self.watch = BudgetWatch(promise, self.buses, self.devices, self.alarms)
        self.now_ms = ticks_ms()

    def bus(self, name):
        return [bus for bus in self.buses if bus.id == name][0]

    def half(self, ages=None, busy_ms=0, deaf=()):
        """Five seconds: every device answers all the time; `ages` says how old its readings become."""
        for _ in range(50):
            self.now_ms = ticks_add(self.now_ms, 100)
            for device in self.devices.values():
                if device.id in deaf:
                    continue
                device.health.ever_answered = True
                device.health.last_good_ms = self.now_ms
                age_ms = (ages or {}).get(device.id, 50)
                for reading in device.readings.values():
                    reading.good(1, ticks_add(self.now_ms, -age_ms))
            self.watch.look(self.now_ms)
        client = self.bus(METER).client
        client.busy_ms = client.busy_ms + busy_ms & 0xFFFFFFF
        self.watch.judge(self.now_ms)

    def told(self):
        return [(alarm["device"], alarm["zh"], alarm["en"]) for alarm in self.alarms.active()]


def test_the_budget_knows_every_device_that_the_cycle_asks_and_every_bus():
    ages, busy, _ = promised(CONFIG)
    assert sorted(ages) == ["bms1", "gun1", "gun2", "meter", "pcs1"]
    assert sorted(busy) == sorted([METER, LAN, WALL])
    # Period, a slow read or a write on the line, the other control readings, the write of the PCS, its own; 15 ms each.
    assert ages["pcs1"] == 100 + 15 + 4 * 15 + 15 + 15
    assert ages["bms1"] == 500 + 15 + 4 * 15 + 15 + 15
    # 19200 baud: 55.2 ms for the counters, 43.8 ms for the power.
    assert ages["meter"] == 100 + 55 + 44 and busy[METER] == 438 + 28


def test_what_makes_the_budget_is_forgotten():
    promised(CONFIG)
    assert "drivers.timing" not in sys.modules


def test_readings_within_the_budget_are_no_alarm():
    scene = Scene()
    for _ in range(4):
        scene.half()
    assert scene.told() == []


def test_one_old_reading_in_ten_seconds_is_told_with_both_numbers_and_ends_ten_seconds_later():
    scene = Scene()
    allowed_ms = promised(CONFIG)[0]["gun2"]
    for _ in range(3):
        scene.half()
    scene.half({"gun2": allowed_ms + 1})
    told = scene.told()
    assert [each[0] for each in told] == ["gun2"]
    for text in told[0][1:]:
        assert str(allowed_ms + 1) in text and str(allowed_ms) in text
    scene.half()
    assert len(scene.told()) == 1, "the old reading is still within the last 10 s"
    scene.half()
    assert scene.told() == []


def test_a_reading_exactly_as_old_as_the_budget_is_no_alarm():
    scene = Scene()
    ages = promised(CONFIG)[0]
    for _ in range(4):
        scene.half(ages)
    assert scene.told() == []


def test_the_first_five_seconds_are_not_judged():
    scene = Scene()
    scene.half({"meter": 5000})
    scene.half()
    assert scene.told() == []
    scene.half()
    assert scene.told() == []


def test_a_device_that_does_not_answer_has_its_own_alarm():
    scene = Scene()
    for _ in range(4):
        scene.half(deaf=("gun1",))
    assert scene.told() == []


def test_a_line_that_is_busier_than_promised_is_told_in_permille():
    scene = Scene()
    allowed = promised(CONFIG)[1][METER]
    client = scene.bus(METER).client
    client.busy_ms = 0xFFFFFFF - 100  # the counter wraps meanwhile
    scene.watch._busy_ms[2 * scene.buses.index(scene.bus(METER))] = client.busy_ms
    scene.watch._busy_ms[2 * scene.buses.index(scene.bus(METER)) + 1] = client.busy_ms
    for _ in range(3):
        scene.half(busy_ms=5 * (allowed - 20))
    assert scene.told() == []
    scene.half(busy_ms=5 * (allowed + 40))
    assert [each[0] for each in scene.told()] == [METER]
    assert scene.alarms.is_active(CODE, METER)


def test_looking_allocates_nothing():
    scene = Scene()
    scene.half()
    heap_lock()
    try:
        scene.watch.look(scene.now_ms)
    finally:
        heap_unlock()
