# runs on: cpython, micropython
from drivers.modbus.rtu import crc16

# Checked with three independent libraries (minimalmodbus, pymodbus, modbus_tk); unit 1.
GOLDEN = (
    "01 03 00 61 00 06 94 16",  # DTSD1352 voltages and currents
    "01 03 08 1A 00 02 E7 AC",  # ADL400 total power
    "01 04 00 34 00 02 30 05",  # SDM630 total power
    "01 03 20 12 00 02 6F CE",  # DTSU666 power
    "01 04 00 01 00 40 A0 3A",  # Gold BMS input registers
    "01 02 00 01 00 3A A9 D9",  # Gold BMS discrete inputs
    "01 03 00 00 00 0D 84 0F",  # Chinese pile
    "01 06 20 00 02 58 82 90",  # Chinese pile, 60.0 kW
    "01 06 30 00 01 AA 07 25",
    "01 06 00 87 01 F4 39 F4",  # Sinexcel, +50 kW
    "01 06 00 87 FE 0C 79 86",  # Sinexcel, -50 kW
    "01 03 9C 40 00 02 EB 8F",  # SunSpec marker
    "01 83 02 C0 F1",  # exception 02
)


def frame(text):
    return bytes([int(part, 16) for part in text.split()])


def test_the_golden_frames_have_the_crc_that_others_compute():
    for text in GOLDEN:
        data = frame(text)
        assert crc16(data, 0, len(data) - 2) == data[-2] | data[-1] << 8, text


def test_the_crc_over_a_frame_with_its_crc_is_zero():
    for text in GOLDEN:
        data = frame(text)
        assert crc16(data, 0, len(data)) == 0, text


def test_every_damaged_bit_of_a_frame_is_seen():
    data = bytearray(frame(GOLDEN[0]))
    for bit in range(8 * len(data)):
        data[bit >> 3] ^= 1 << (bit & 7)
        assert crc16(data, 0, len(data)) != 0, bit
        data[bit >> 3] ^= 1 << (bit & 7)


def test_a_part_of_a_buffer_is_summed():
    data = b"\xff\xff" + frame(GOLDEN[6]) + b"\xee"
    assert crc16(data, 2, 10) == 0
