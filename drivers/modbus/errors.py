"""What can go wrong with one Modbus request. Each error names the device, the register, what was expected and what was
found."""


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
    """The device answered that it will not do it. code: Modbus exception code (MODBUS Application Protocol V1.1b3, 7).

    is_permanent: codes 1 to 3: asking again the same way will not help.   is_failure: 4 and 8: the device tried and
    failed, or its memory did; another try may succeed.   is_patience: 5 and 6: it is at work on a long command and asks
    for time.   is_from_gateway: 10 and 11: a gateway says that the device behind it is silent.
    """

    def __init__(self, device, register, function, code):
        ModbusError.__init__(self, device, register, function, code)
        self.function = function
        self.code = code
        self.is_permanent = code <= 3
        self.is_failure = code == 4 or code == 8
        self.is_patience = code == 5 or code == 6
        self.is_from_gateway = code == 10 or code == 11

    def __str__(self):
        from drivers.modbus import exception_texts

        return exception_texts.of(self)
