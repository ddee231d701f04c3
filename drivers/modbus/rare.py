"""Requests that few devices need: functions 15, 22 and 23. Loaded when the first one is made."""


def write(framer, device, unit, function, register, words, count) -> int:
    """Function 15, words[0:count] one coil each, or 22 with the AND and the OR mask; see `Framer.request_write`."""
    at = framer.HEAD + 3
    if function == 22:
        if count != 2:
            raise ValueError("write: function 22 with 2 masks, found %d" % count)
        framer.begin(device, unit, function, register)
        framer.put(at, words[0])
        framer.put(at + 2, words[1])
        return framer.end(7, 0, 7)
    if function != 15 or not 1 <= count <= 1968:
        raise ValueError("write: function 5, 6, 16, 22, or 15 with 1 to 1968 coils, found %d, %d" % (function, count))
    octets = (count + 7) // 8
    framer.begin(device, unit, function, register)
    framer.reserve(at + 5 + octets)
    framer.put(at, count)
    tx = framer.tx
    tx[at + 2] = octets
    for i in range(octets):
        tx[at + 3 + i] = 0
    for i in range(count):
        if words[i]:
            tx[at + 3 + (i >> 3)] |= 1 << (i & 7)
    return framer.end(6 + octets, 0, 5)


def read_write(framer, device, unit, read_register, read_count, register, words, count) -> int:
    """Length of the frame that writes words[0:count] (up to 121) from `register` on and then reads `read_count`
    registers (up to 125) by function 23, for `Client.exchange`. ValueError when out of range."""
    if not 1 <= read_count <= 125 or not 1 <= count <= 121:
        text = "function 23: 1 to 125 registers read and 1 to 121 written, found %d and %d"
        raise ValueError(text % (read_count, count))
    framer.begin(device, unit, 23, read_register)
    at = framer.HEAD + 3
    framer.put(at, read_count)
    framer.put(at + 2, register)
    framer.put_block(at + 4, words, count)
    return framer.end(10 + 2 * count, 2 * read_count, 0)
