"""What can go wrong with one Modbus request. Each error names the device, the register, what was expected and what was
found."""

# MODBUS Application Protocol V1.1b3, section 7.
EXCEPTION_NAMES = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}


class ModbusError(Exception):
    """device: id of the station file; register: 0-based wire address of the request; expected, found: texts or
    integers."""

    def __init__(self, device, register, expected, found):
        super().__init__(device, register, expected, found)
        self.device = device
        self.register = register
        self.expected = expected
        self.found = found

    def __str__(self):
        return "%s, register 0x%04X: expected %s, found %s" % (self.device, self.register, self.expected, self.found)


class Timeout(ModbusError):
    """No byte of an answer came in time."""


class CrcError(ModbusError):
    """An RTU frame of the right length came with a wrong check sum."""


class ProtocolError(ModbusError):
    """Bytes came that are no answer to the request: short, foreign, flooded, or a wrong transaction."""


class Closed(ModbusError):
    """The line is not open, or the peer closed it."""


class ExceptionReply(ModbusError):
    """The device answered that it will not do it. code: Modbus exception code."""

    def __init__(self, device, register, function, code):
        ModbusError.__init__(self, device, register, "an answer to function %d" % function, exception_text(code))
        self.function = function
        self.code = code

    @property
    def is_permanent(self) -> bool:
        """Codes 1 to 3: asking again the same way will not help."""
        return self.code <= 3

    @property
    def is_failure(self) -> bool:
        """Codes 4 and 8: the device tried and failed, or its memory did; another try may succeed."""
        return self.code == 4 or self.code == 8

    @property
    def is_patience(self) -> bool:
        """Codes 5 and 6: the device is at work on a long command and asks for time."""
        return self.code == 5 or self.code == 6

    @property
    def is_from_gateway(self) -> bool:
        """Codes 0x0A and 0x0B: a gateway says that the device behind it is silent."""
        return self.code == 10 or self.code == 11


def exception_text(code: int) -> str:
    return "exception %d (%s)" % (code, EXCEPTION_NAMES.get(code, "not in the standard"))
