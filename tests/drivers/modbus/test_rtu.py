# runs on: cpython, micropython
from drivers.modbus import rare
from drivers.modbus.clients import character_us, gap_us
from drivers.modbus.errors import CrcError, ExceptionReply, ModbusError, ProtocolError, Timeout
from drivers.modbus.rtu import RtuFramer
from drivers.ticks import ticks_diff, ticks_us
from tests.drivers.fake_line import crc


def frame(text):
    return bytes([int(part, 16) for part in text.split()])


def receive(framer, data):
    """What the framer makes of `data`: index, or the error that it raises, or the one it describes after silence."""
    for i, byte in enumerate(data):
        framer.rx[i] = byte
    try:
        return framer.take(len(data)) or framer.missing(len(data))
    except ModbusError as error:
        return error


def reading(count=2, unit=1, function=3, register=0x16A):
    framer = RtuFramer()
    framer.request_read("meter", unit, function, register, count)
    return framer


def answer(pdu, unit=1):
    data = bytes((unit,)) + pdu
    return data + crc(data)


def test_requests_are_the_golden_frames():
    framer = RtuFramer()
    n = framer.request_read("d", 1, 3, 0, 13)
    assert bytes(framer.tx[:n]) == frame("01 03 00 00 00 0D 84 0F")
    n = framer.request_read("d", 1, 4, 0x34, 2)
    assert bytes(framer.tx[:n]) == frame("01 04 00 34 00 02 30 05")
    n = framer.request_write("d", 1, 6, 0x2000, [600], 1)
    assert bytes(framer.tx[:n]) == frame("01 06 20 00 02 58 82 90")
    n = framer.request_write("d", 1, 6, 135, [-500 & 0xFFFF], 1)
    assert bytes(framer.tx[:n]) == frame("01 06 00 87 FE 0C 79 86")
    n = framer.request_read("d", 1, 2, 1, 58)
    assert bytes(framer.tx[:n]) == frame("01 02 00 01 00 3A A9 D9")
    n = framer.request_write("d", 2, 16, 100, [0, 1547], 2)
    data = frame("02 10 00 64 00 02 04 00 00 06 0B")
    assert bytes(framer.tx[:n]) == data + crc(data)


def test_requests_outside_the_standard_are_refused():
    framer = RtuFramer()
    for call in (
        lambda: framer.request_read("d", 1, 3, 0, 0),
        lambda: framer.request_read("d", 1, 3, 0, 126),
        lambda: framer.request_read("d", 1, 5, 0, 1),
        lambda: framer.request_read("d", 1, 0, 0, 1),
        lambda: framer.request_read("d", 1, 1, 0, 2001),
        lambda: framer.request_write("d", 1, 5, 0, [1, 1], 2),
        lambda: framer.request_write("d", 1, 15, 0, [1] * 1969, 1969),
        lambda: framer.request_write("d", 1, 15, 0, [], 0),
        lambda: framer.request_write("d", 1, 22, 0, [1], 1),
        lambda: rare.read_write(framer, "d", 1, 0, 126, 0, [1], 1),
        lambda: rare.read_write(framer, "d", 1, 0, 1, 0, [1] * 122, 122),
        lambda: framer.request_write("d", 1, 6, 0, [1, 2], 2),
        lambda: framer.request_write("d", 1, 16, 0, [0] * 124, 124),
        lambda: framer.request_write("d", 1, 3, 0, [0], 1),
    ):
        try:
            call()
        except ValueError:
            continue
        raise AssertionError("accepted")


def test_the_longest_read_and_write_fit_the_buffers():
    framer = RtuFramer()
    assert framer.request_read("d", 1, 3, 0, 125) == 8
    assert framer.reply_bytes == 255
    assert framer.request_write("d", 1, 16, 0, [0xABCD] * 123, 123) == 255
    assert framer.request_read("d", 1, 1, 0, 2000) == 8 and framer.reply_bytes == 255
    assert framer.request_write("d", 1, 15, 0, [1] * 1968, 1968) == 255
    assert rare.read_write(framer, "d", 1, 0, 125, 0, [1] * 121, 121) == 255 and framer.reply_bytes == 255


def test_a_good_answer_gives_its_data():
    framer = reading()
    at = receive(framer, answer(b"\x03\x04\x00\x01\xe2\x40"))
    assert bytes(framer.rx[at : at + 4]) == b"\x00\x01\xe2\x40"


def test_an_answer_is_put_together_from_single_bytes():
    framer = reading()
    data = answer(b"\x03\x04\x00\x01\xe2\x40")
    for i, byte in enumerate(data):
        framer.rx[i] = byte
        at = framer.take(i + 1)
        assert bool(at) == (i == len(data) - 1), i
    assert at == 3


def test_noise_before_an_answer_is_skipped():
    for noise in (b"\x00", b"\xff\x00", b"\x01", b"\x01\x03", b"\x01\x83\x02", b"\x01\x03\x08" * 3):
        framer = reading()
        data = noise + answer(b"\x03\x04\x12\x34\x56\x78")
        at = receive(framer, data)
        assert at == len(noise) + 3, (noise, at)


def test_the_echo_of_a_read_request_is_skipped():
    framer = reading()
    n = 8
    data = bytes(framer.tx[:n]) + answer(b"\x03\x04\x12\x34\x56\x78")
    assert receive(framer, data) == n + 3


def test_a_frame_with_a_wrong_crc_is_refused():
    data = bytearray(answer(b"\x03\x04\x00\x01\xe2\x40"))
    data[4] ^= 0x10
    error = receive(reading(), data)
    assert isinstance(error, CrcError), error
    assert error.device == "meter" and error.register == 0x16A
    assert "0x" in str(error) and "meter" in str(error)


def test_every_single_damaged_bit_is_refused():
    good = answer(b"\x03\x04\x00\x01\xe2\x40")
    for bit in range(8 * len(good)):
        data = bytearray(good)
        data[bit >> 3] ^= 1 << (bit & 7)
        error = receive(reading(), data)
        assert isinstance(error, (CrcError, ProtocolError)), (bit, error)


def test_a_frame_cut_short_is_refused():
    good = answer(b"\x03\x04\x00\x01\xe2\x40")
    for length in range(1, len(good)):
        error = receive(reading(), good[:length])
        assert isinstance(error, ProtocolError), (length, error)


def test_silence_is_a_time_out():
    error = receive(reading(), b"")
    assert isinstance(error, Timeout)
    assert error.device == "meter" and error.found == "silence"


def test_the_answer_of_another_unit_or_function_is_no_answer():
    assert isinstance(receive(reading(), answer(b"\x03\x04\x00\x00\x00\x00", unit=2)), ModbusError)
    assert isinstance(receive(reading(), answer(b"\x04\x04\x00\x00\x00\x00")), ModbusError)
    assert isinstance(receive(reading(), answer(b"\x03\x06\x00\x00\x00\x00\x00\x00")), ModbusError)


def test_an_exception_reply_carries_its_code():
    for code, permanent, gateway in ((1, True, False), (2, True, False), (6, False, False), (11, False, True)):
        error = receive(reading(), answer(bytes((0x83, code))))
        assert isinstance(error, ExceptionReply), error
        assert (error.code, error.is_permanent, error.is_from_gateway) == (code, permanent, gateway)
    assert "illegal data address" in str(receive(reading(), frame("01 83 02 C0 F1")))


def test_a_write_is_acknowledged_by_its_echo_only():
    framer = RtuFramer()
    framer.request_write("gun4", 1, 6, 0x2000, [600], 1)
    assert receive(framer, frame("01 06 20 00 02 58 82 90")) > 0
    framer.request_write("gun4", 1, 6, 0x2000, [601], 1)
    assert isinstance(receive(framer, frame("01 06 20 00 02 58 82 90")), ProtocolError)
    framer.request_write("gun1", 1, 16, 100, [0, 5], 2)
    assert receive(framer, answer(b"\x10\x00\x64\x00\x02")) > 0
    framer.request_write("gun1", 1, 16, 100, [0, 5], 2)
    assert isinstance(receive(framer, answer(b"\x10\x00\x64\x00\x01")), ProtocolError)


# The examples of MODBUS Application Protocol V1.1b3, 6.1 to 6.17: request and answer.
STANDARD = (
    (lambda f: f.request_read("d", 1, 1, 0x13, 19), "01 00 13 00 13", "01 03 CD 6B 05"),
    (lambda f: f.request_read("d", 1, 2, 0xC4, 22), "02 00 C4 00 16", "02 03 AC DB 35"),
    (lambda f: f.request_read("d", 1, 3, 0x6B, 3), "03 00 6B 00 03", "03 06 02 2B 00 00 00 64"),
    (lambda f: f.request_read("d", 1, 4, 8, 1), "04 00 08 00 01", "04 02 00 0A"),
    (lambda f: f.request_write("d", 1, 5, 0xAC, [1], 1), "05 00 AC FF 00", "05 00 AC FF 00"),
    (lambda f: f.request_write("d", 1, 6, 1, [3], 1), "06 00 01 00 03", "06 00 01 00 03"),
    (
        lambda f: f.request_write("d", 1, 15, 0x13, [1, 0, 1, 1, 0, 0, 1, 1, 1, 0], 10),
        "0F 00 13 00 0A 02 CD 01",
        "0F 00 13 00 0A",
    ),
    (lambda f: f.request_write("d", 1, 16, 1, [10, 0x102], 2), "10 00 01 00 02 04 00 0A 01 02", "10 00 01 00 02"),
    (lambda f: f.request_write("d", 1, 22, 4, [0xF2, 0x25], 2), "16 00 04 00 F2 00 25", "16 00 04 00 F2 00 25"),
    (
        lambda f: rare.read_write(f, "d", 1, 3, 6, 14, [255, 255, 255], 3),
        "17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF",
        "17 0C 00 FE 0A CD 00 01 00 03 00 0D 00 FF",
    ),
)


def test_the_examples_of_the_standard_are_sent_and_understood():
    for ask, request, reply in STANDARD:
        framer = RtuFramer()
        n = ask(framer)
        data = b"\x01" + frame(request)
        assert bytes(framer.tx[:n]) == data + crc(data), request
        at = receive(framer, answer(frame(reply)))
        assert isinstance(at, int), (request, at)
        if framer.data_bytes:
            assert bytes(framer.rx[at : at + framer.data_bytes]) == frame(reply)[2:], request


def test_the_echo_of_another_write_is_no_acknowledgement():
    for ask, _, reply in STANDARD:
        framer = RtuFramer()
        ask(framer)
        if framer.data_bytes:
            continue
        pdu = bytearray(frame(reply))
        pdu[-1] ^= 1
        assert isinstance(receive(framer, answer(bytes(pdu))), ProtocolError), reply


def test_a_flooded_line_is_refused():
    error = receive(reading(), b"\x55" * 256)
    assert isinstance(error, ProtocolError)


def test_no_flood_holds_the_loop_for_five_milliseconds():
    # The worst content: every second byte looks like the begin of an answer whose check sum must be computed.
    framer = reading(count=64, unit=128)
    data = b"\x80\x03" * 128
    longest_us = 0
    for _ in range(5):
        framer.request_read("meter", 128, 3, 0, 64)
        started = ticks_us()
        assert isinstance(receive(framer, data), ProtocolError)
        spent_us = ticks_diff(ticks_us(), started)
        longest_us = spent_us if not longest_us else min(longest_us, spent_us)  # the cores are shared
    assert longest_us < 5000, longest_us


def test_gaps_and_characters_have_the_standard_times():
    assert gap_us(1200) == 32084 and gap_us(9600) == 4011 and gap_us(19200) == 2006
    assert gap_us(38400) == 1750 and gap_us(115200) == 1750
    assert character_us(9600, "N", 1) == 1042 and character_us(9600, "E", 1) == 1146
    assert character_us(19200, "N", 2) == 573
