"""A DL/T 645-2007 energy meter: answers data identifiers (DI) instead of Modbus registers.

Source: DL/T 645-2007 from general knowledge (grade D); frames and formats agree with the PyPI package dlt645. Values
are those of the secondary side behind transformers.
"""

LINE_VOLTAGE_V = 230.0
READ, READ_REPLY, ERROR_REPLY = 0x11, 0x91, 0xD1
NO_SUCH_DATA = 1 << 1
START, END, OFFSET = 0x68, 0x16, 0x33
WILDCARD = b"\xaa" * 6


def bcd(value, length, signed=False):
    """`value` as packed decimal digits, lowest pair first; the sign is the highest bit."""
    digits = f"{min(abs(round(value)), 10 ** (2 * length) - 1):0{2 * length}d}"
    data = bytearray(bytes.fromhex(digits)[::-1])
    if signed and value < 0:
        data[-1] |= 0x80
    return bytes(data)


class Dlt645Meter:
    """The meter at the connection point behind `unit`, which only numbers it; it answers to its address."""

    def __init__(self, unit, devices, plant):
        device = devices[0]
        self.unit = unit
        self.device_ids = [device["id"]]
        self.meter = plant.meter
        self.ratio = device.get("pt_ratio", 1) * device.get("ct_ratio", 1)
        self.address = bytes.fromhex(device.get("meter_address", f"{unit:012d}"))[::-1]
        self.frozen = set()
        self._kept = {}

    def owns(self, device_id, address):
        return device_id in self.device_ids

    def tick(self, now_s):
        pass

    def answers_to(self, address):
        return address in (self.address, WILDCARD)

    def answer(self, control, data):
        """The frame that answers a request with this control code and these data (0x33 taken off); None: silence."""
        if control != READ or len(data) != 4:
            return None
        values = self._values()
        identifier = int.from_bytes(data, "little")
        if identifier not in values:
            return frame(self.address, ERROR_REPLY, bytes([NO_SUCH_DATA]))
        return frame(self.address, READ_REPLY, data + values[identifier])

    def _values(self):
        if not self.frozen or not self._kept:
            watts = self.meter.power_w / self.ratio
            amps = abs(watts) / 3.0 / LINE_VOLTAGE_V
            self._kept = {
                0x00010000: bcd(self.meter.import_wh / 10 / self.ratio, 4),  # 0.01 kWh
                0x00020000: bcd(self.meter.export_wh / 10 / self.ratio, 4),
                0x02010100: bcd(10 * LINE_VOLTAGE_V, 2),  # 0.1 V
                0x02020100: bcd(1000 * amps, 3),  # 0.001 A
                0x02030000: bcd(10 * watts, 3, signed=True),  # 0.0001 kW
                0x02800002: bcd(5000, 2),  # 0.01 Hz
            }
        return self._kept


def frame(address, control, data):
    body = bytes([START]) + address + bytes([START, control, len(data)]) + bytes(b + OFFSET & 0xFF for b in data)
    return b"\xfe" * 4 + body + bytes([sum(body) & 0xFF, END])


def parsed(wire):
    """(address, control, data) of the first whole frame in `wire`; None when there is none."""
    for at in range(len(wire) - 11):
        if wire[at] != START or wire[at + 7] != START:
            continue
        end = at + 10 + wire[at + 9]
        if end + 2 <= len(wire) and wire[end + 1] == END and sum(wire[at:end]) & 0xFF == wire[end]:
            return wire[at + 1 : at + 7], wire[at + 8], bytes(b - OFFSET & 0xFF for b in wire[at + 10 : end])
    return None
