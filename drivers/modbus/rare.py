"""Requests that few devices need: functions 15, 22 and 23. Loaded when the first one is made."""

from drivers.modbus.framer import MASK_WRITE, MAX_READ_REGISTERS, MAX_WRITE_BITS, READ_WRITE

MAX_READ_WRITE_REGISTERS = 121  # written ones; the read ones are 125


def write(framer, device, unit, function, register, words, count) -> int:
    """Function 15, words[0:count] one coil each, or 22 with the AND and the OR mask; see `Framer.request_write`."""
    tx, at = framer.tx, framer.HEAD + 3
    if function == MASK_WRITE:
        if count != 2:
            raise ValueError("write: function 22 with 2 masks, found %d" % count)
        framer.begin(device, unit, function, register)
        framer.put(at, words[0])
        framer.put(at + 2, words[1])
        return framer.end(7, 0, 7)
    if not 1 <= count <= MAX_WRITE_BITS:
        raise ValueError("write: function 15 with 1 to 1968 coils, found %d" % count)
    framer.begin(device, unit, function, register)
    framer.put(at, count)
    octets = (count + 7) // 8
    tx[at + 2] = octets
    for i in range(octets):
        tx[at + 3 + i] = 0
    for i in range(count):
        if words[i]:
            tx[at + 3 + (i >> 3)] |= 1 << (i & 7)
    return framer.end(6 + octets, 0, 5)


def read_write(framer, device, unit, read_register, read_count, register, words, count) -> int:
    """Length of the frame that writes words[0:count] (up to 121) from `register` on and then reads `read_count`
    registers (up to 125) by function 23. ValueError when out of range."""
    if not 1 <= read_count <= MAX_READ_REGISTERS or not 1 <= count <= MAX_READ_WRITE_REGISTERS:
        text = "function 23: 1 to 125 registers read and 1 to 121 written, found %d and %d"
        raise ValueError(text % (read_count, count))
    framer.begin(device, unit, READ_WRITE, read_register)
    at = framer.HEAD + 3
    framer.put(at, read_count)
    framer.put(at + 2, register)
    framer.put_block(at + 4, words, count)
    return framer.end(10 + 2 * count, 2 * read_count, 0)
