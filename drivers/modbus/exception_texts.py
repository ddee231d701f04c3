"""Exception replies for people. Loaded when somebody looks at one."""

# MODBUS Application Protocol V1.1b3, section 7.
NAMES = {
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
# DL/T 645-2007: bits of the error byte.
METER_ERRORS = ("other error", "no such data", "wrong password", "baud rate", "too many year zones",
                "too many day zones", "too many tariffs")  # fmt: skip


def of(error) -> str:
    name = NAMES.get(error.code, "not in the standard")
    text = "%s, register 0x%04X: expected an answer to function %d, found exception %d (%s)"
    return text % (error.device, error.register, error.function, error.code, name)


def of_meter(error) -> str:
    names = [name for bit, name in enumerate(METER_ERRORS) if error.code >> bit & 1]
    text = "%s, register 0x%08X: expected data, found error 0x%02X (%s)"
    return text % (error.device, error.register, error.code, ", ".join(names) or "none named")
