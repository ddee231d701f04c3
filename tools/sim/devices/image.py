"""The register image of one simulated Modbus device (one unit id), served by pymodbus.

A device file derives from `RegisterImage`: `fill_*` methods put the plant's values into the banks at the moment of a
read, `Setting`s say what may be written, in which range, and what a write does to the plant.
"""

from pymodbus.constants import ExcCodes
from pymodbus.simulator import DataType, SimData, SimDevice

READ_DISCRETE, READ_HOLDING, READ_INPUT, WRITE_ONE, WRITE_MANY = 2, 3, 4, 6, 16
_WRITES = (WRITE_ONE, WRITE_MANY)


class Setting:
    """A writable value of one or two registers.

    low..high: allowed range (two's complement when `signed`); allowed: an explicit set instead of a range;
    apply(value): what it does to the plant; functions: the function codes by which the device accepts it.
    """

    def __init__(self, apply=None, low=0, high=0xFFFF, words=1, signed=False, allowed=None, functions=_WRITES):
        self.apply = apply
        self.low, self.high = low, high
        self.words = words
        self.signed = signed
        self.allowed = allowed
        self.functions = functions

    def decode(self, words):
        """The number in `words`, or None if the device refuses it."""
        value = 0
        for word in words:
            value = value << 16 | word
        if self.signed and value >> (16 * self.words - 1):
            value -= 1 << (16 * self.words)
        if self.allowed is not None:
            return value if value in self.allowed else None
        return value if self.low <= value <= self.high else None


class RegisterImage:
    """One unit id. `device_ids`: the devices of the station file behind it (several connectors may share a unit id)."""

    functions = (READ_HOLDING, WRITE_ONE, WRITE_MANY)
    separate_inputs = False  # True: input registers have contents of their own (else one bank answers)
    max_read = 125
    whole_address_space = False  # True: the device judges every address itself, before pymodbus can answer 02

    def __init__(self, unit, device_ids):
        self.unit = unit
        self.device_ids = list(device_ids)
        self.holding = {}
        self.inputs = {} if self.separate_inputs else self.holding
        self.discrete = {}  # discrete inputs: address -> 0 or 1; a device that has some serves function code 2
        self.settings = {}
        self.frozen = set()  # device ids whose registers keep their last values
        self.fills = {}  # device id -> function that refreshes its registers

    # -- for the device files --
    def put(self, address, words, bank=None):
        """Store one word or a list of words from `address` on."""
        bank = self.holding if bank is None else bank
        if isinstance(words, int):
            bank[address] = words
            return
        for offset, word in enumerate(words):
            bank[address + offset] = word

    def heard(self, function, address):
        """Called for each request that reaches the device: where polling itself re-arms a watchdog."""

    def tick(self, now_s):
        """Called about every 50 ms: time-outs that the device keeps by itself, not the plant."""

    def refuses_read(self, function, address, count):
        """An exception code for a read that the real device refuses beyond the address check, or None."""
        return ExcCodes.ILLEGAL_VALUE if count > self.max_read else None

    # -- for the servers --
    def owns(self, device_id, address):
        """Whether a request at `address` concerns this device of the station file."""
        return device_id in self.device_ids

    def refresh(self):
        for device_id, fill in self.fills.items():
            if device_id not in self.frozen:
                fill()

    def sim_device(self):
        """The pymodbus device. Build it once the banks hold every address that exists."""
        self.refresh()
        holding = self._blocks(self.holding)
        if not self.separate_inputs:
            return SimDevice(id=self.unit, simdata=holding, action=self.action)
        # pymodbus wants four non-empty blocks; function codes that the device does not have are refused in `action`.
        bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
        words = max(self.discrete, default=0) // 16 + 1
        discrete = [SimData(0, values=[False] * 16 * words, datatype=DataType.BITS)]
        blocks = (bits, discrete, holding or self._blocks({0: 0}), self._blocks(self.inputs))
        return SimDevice(id=self.unit, simdata=blocks, action=self.action)

    def _blocks(self, bank):
        if self.whole_address_space:
            return [SimData(0, values=[0] * 0x10000, datatype=DataType.REGISTERS)]
        blocks = []
        start = previous = None
        for address in [*sorted(bank), None]:
            if previous is not None and (address is None or address != previous + 1):
                blocks.append(SimData(start, values=[0] * (previous - start + 1), datatype=DataType.REGISTERS))
                start = None
            if start is None:
                start = address
            previous = address
        return blocks

    async def action(self, function, start, address, count, registers, values):
        """pymodbus calls this for every request; a write by function code 6 comes twice: the echo is a read."""
        if function not in self.functions:
            return ExcCodes.ILLEGAL_FUNCTION
        if values is not None:
            self.heard(function, address)
            return self._write(function, address, list(values))
        if function in _WRITES:
            return None
        self.heard(function, address)
        if function == READ_DISCRETE:
            return self._read_discrete(registers)
        return self._read(function, start, address, count, registers)

    def _read(self, function, start, address, count, registers):
        refusal = self.refuses_read(function, address, count)
        if refusal:
            return refusal
        self.refresh()
        bank = self.inputs if function == READ_INPUT else self.holding
        for wanted in range(address, address + count):
            word = bank.get(wanted)
            if word is None:
                return ExcCodes.ILLEGAL_ADDRESS
            registers[wanted - start] = word
        return None

    def _read_discrete(self, registers):
        """pymodbus holds sixteen bits a word, the first one lowest, from 0 on (and one word too many)."""
        self.refresh()
        for index in range(len(registers)):
            registers[index] = sum(self.discrete.get(16 * index + bit, 0) << bit for bit in range(16))
        return None

    def _write(self, function, address, words):
        accepted = []
        index = 0
        while index < len(words):
            setting = self.settings.get(address + index)
            if setting is None or index + setting.words > len(words):
                return ExcCodes.ILLEGAL_ADDRESS  # not writable, or half of a two-register value
            if function not in setting.functions:
                return ExcCodes.ILLEGAL_FUNCTION
            raw = words[index : index + setting.words]
            value = setting.decode(raw)
            if value is None:
                return ExcCodes.ILLEGAL_VALUE
            accepted.append((address + index, raw, setting, value))
            index += setting.words
        for place, raw, setting, value in accepted:
            self.put(place, raw)
            if setting.apply:
                setting.apply(value)
        return None
