# runs on: cpython, micropython
"""The frames of devices of the field, byte for byte: what we send, and what we make of them when they come back.

Their check sums were made with three independent libraries (minimalmodbus, pymodbus, modbus_tk); unit 1.
"""

from drivers.modbus.errors import ExceptionReply, ModbusError
from drivers.modbus.rtu import RtuFramer, crc16

# purpose, function, register, count or value, frame
GOLDEN = (
    ("DTSD1352 voltages and currents", 3, 0x61, 6, "01 03 00 61 00 06 94 16"),
    ("ADL400 total power, float", 3, 0x81A, 2, "01 03 08 1A 00 02 E7 AC"),
    ("SDM630 total power", 4, 0x34, 2, "01 04 00 34 00 02 30 05"),
    ("DTSU666 total power", 3, 0x2012, 2, "01 03 20 12 00 02 6F CE"),
    ("Gold BMS input registers 1 to 64", 4, 1, 64, "01 04 00 01 00 40 A0 3A"),
    ("Gold BMS discrete inputs 1 to 58", 2, 1, 58, "01 02 00 01 00 3A A9 D9"),
    ("Chinese pile, 13 registers", 3, 0, 13, "01 03 00 00 00 0D 84 0F"),
    ("Chinese pile, limit 60.0 kW", 6, 0x2000, 600, "01 06 20 00 02 58 82 90"),
    ("Chinese pile, start charging", 6, 0x3000, 0x01AA, "01 06 30 00 01 AA 07 25"),
    ("Chinese pile, start discharging", 6, 0x3000, 0x02AA, "01 06 30 00 02 AA 07 D5"),
    ("Chinese pile, stop", 6, 0x3000, 0x0155, "01 06 30 00 01 55 47 65"),
    ("Sinexcel, +50 kW", 6, 135, 500, "01 06 00 87 01 F4 39 F4"),
    ("Sinexcel, -50 kW", 6, 135, -500, "01 06 00 87 FE 0C 79 86"),
    ("SunSpec marker", 3, 40000, 2, "01 03 9C 40 00 02 EB 8F"),
)
EXCEPTION_2 = "01 83 02 C0 F1"


def frame(text):
    return bytes([int(part, 16) for part in text.split()])


def asked(function, register, what):
    framer = RtuFramer()
    if function < 5:
        n = framer.request_read("d", 1, function, register, what)
    else:
        n = framer.request_write("d", 1, function, register, [what & 0xFFFF], 1)
    return framer, bytes(framer.tx[:n])


def receive(framer, data):
    for i, byte in enumerate(data):
        framer.rx[i] = byte
    try:
        return framer.take(len(data)) or framer.missing(len(data))
    except ModbusError as error:
        return error


def test_what_we_send_is_the_golden_frame():
    for purpose, function, register, what, text in GOLDEN:
        _, sent = asked(function, register, what)
        assert sent == frame(text), purpose


def test_a_golden_write_that_comes_back_is_its_own_acknowledgement_and_no_other_one():
    writes = [each for each in GOLDEN if each[1] == 6]
    assert len(writes) == 6
    for purpose, function, register, what, _ in writes:
        for other, _, _, _, text in writes:
            framer, _ = asked(function, register, what)
            taken = isinstance(receive(framer, frame(text)), int)
            assert taken == (other == purpose), (purpose, other)


def test_a_golden_read_that_comes_back_is_an_echo_and_no_answer():
    for purpose, function, register, what, text in GOLDEN:
        if function < 5:
            framer, _ = asked(function, register, what)
            assert isinstance(receive(framer, frame(text)), ModbusError), purpose


def test_the_golden_exception_is_an_answer_to_every_function_3_read():
    for purpose, function, register, what, _ in GOLDEN:
        framer, _ = asked(function, register, what)
        answer = receive(framer, frame(EXCEPTION_2))
        assert isinstance(answer, ModbusError), purpose
        assert isinstance(answer, ExceptionReply) == (function == 3), purpose
        if function == 3:
            assert answer.code == 2 and answer.register == register and answer.is_permanent


def test_the_check_sums_hold_and_see_every_single_damaged_bit():
    for text in [each[4] for each in GOLDEN] + [EXCEPTION_2]:
        data = bytearray(frame(text))
        assert crc16(data, 0, len(data)) == 0, text
        assert crc16(data, 0, len(data) - 2) == data[-2] | data[-1] << 8, text
        for bit in range(8 * len(data)):
            data[bit >> 3] ^= 1 << (bit & 7)
            assert crc16(data, 0, len(data)) != 0, (text, bit)
            data[bit >> 3] ^= 1 << (bit & 7)
