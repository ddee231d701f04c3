# runs on: cpython, micropython
"""DL/T 645-2007 frames, worked out by hand from the layout of the standard."""

from drivers.dlt645 import READ, Dlt645Framer, MeterRefuses, address_bytes, bcd3_signed, bcd4
from drivers.modbus.errors import CrcError, ProtocolError, Timeout
from drivers.plan import Plan
from drivers.reading import GOOD, WHY_IMPLAUSIBLE
from tests.drivers.stations import device

IMPORT, POWER = 0x00010000, 0x02030000


def hexed(text):
    return bytes([int(pair, 16) for pair in text.split()])


def framer(register=IMPORT, count=4, address="000000000001"):
    made = Dlt645Framer({"meter": address} if address else {})
    length = made.request_read("meter", 1, READ, register, count)
    return made, bytes(made.tx[:length])


def answer(data, control=0x91, address="000000000001", register=IMPORT, wakes=4):
    """A frame with its check sum, put together without the driver."""
    body = bytes([0x68]) + bytes([int(address[i : i + 2], 16) for i in range(10, -1, -2)]) + bytes([0x68, control])
    if control != 0xD1:
        data = bytes([register >> shift & 0xFF for shift in (0, 8, 16, 24)]) + data
    body += bytes([len(data)]) + bytes([byte + 0x33 & 0xFF for byte in data])
    return b"\xfe" * wakes + body + bytes([sum(body) & 0xFF, 0x16])


def taken(made, frame):
    """What `take` gives when the bytes come one by one, and how many of them it needed."""
    for have in range(1, len(frame) + 1):
        made.rx[have - 1] = frame[have - 1]
        at = made.take(have)
        if at:
            return at, have
    return 0, len(frame)


def raised(call, *arguments):
    try:
        call(*arguments)
    except Exception as error:
        return error
    raise AssertionError("nothing raised")


def test_a_request_has_its_address_backwards_and_its_data_raised_by_0x33():
    _, frame = framer()
    assert frame == hexed("FE FE FE FE 68 01 00 00 00 00 00 68 11 04 33 33 34 33 B3 16")
    _, frame = framer(POWER, 3, "123456789012")
    assert frame[4:] == hexed("68 12 90 78 56 34 12 68 11 04 33 33 36 35") + bytes([sum(frame[4:-2]) & 0xFF, 0x16])


def test_a_device_without_an_address_is_asked_with_the_wildcard_and_may_answer_with_any():
    made, frame = framer(address=None)
    assert frame[5:11] == b"\xaa" * 6
    at, _ = taken(made, answer(hexed("67 45 23 01"), address="000012345678"))
    assert bcd4(made.rx, at) == 1234567


def test_an_answer_is_found_and_its_data_have_their_own_values_again():
    made, _ = framer()
    frame = answer(hexed("67 45 23 01"))
    at, have = taken(made, frame)
    assert have == len(frame) and bcd4(made.rx, at) == 1234567, "12345.67 kWh"
    made, _ = framer()
    at, _ = taken(made, b"\x00\x68\xff\x68" + answer(hexed("67 45 23 01"), wakes=0))
    assert bcd4(made.rx, at) == 1234567, "behind noise, even when it looks like a start"
    made, _ = framer()
    at, _ = taken(made, answer(hexed("67 45 23 01"), control=0xB1))
    assert bcd4(made.rx, at) == 1234567, "more frames would follow; this one is whole"


def test_frames_of_others_are_passed_over():
    made, _ = framer()
    other_meter = answer(hexed("11 11 11 11"), address="000000000002")
    other_di = answer(hexed("22 22 22 22"), register=0x00020000)
    at, _ = taken(made, other_meter + other_di + answer(hexed("67 45 23 01")))
    assert bcd4(made.rx, at) == 1234567
    made, frame = framer()
    assert taken(made, frame) == (0, len(frame)), "the echo of the request is no answer"
    assert type(made.missing(len(frame))) is ProtocolError


def test_a_damaged_frame_a_refusal_and_silence_have_errors_of_their_own():
    made, _ = framer()
    frame = bytearray(answer(hexed("67 45 23 01")))
    frame[20] ^= 4
    assert taken(made, frame)[0] == 0
    error = made.missing(len(frame))
    assert type(error) is CrcError and "check sum" in str(error)
    assert (error.device, error.register) == ("meter", IMPORT)
    made, _ = framer()
    error = raised(taken, made, answer(b"\x02", control=0xD1))
    assert type(error) is MeterRefuses and error.code == 2 and error.is_permanent and "no such data" in str(error)
    assert not error.is_from_gateway and not error.is_patience and not error.is_failure
    made, _ = framer()
    assert type(made.missing(0)) is Timeout
    made, _ = framer()
    assert type(raised(taken, made, b"\x00" * 260)) is ProtocolError


def test_digits_become_integers_and_what_is_no_digit_becomes_no_number():
    assert bcd4(hexed("99 99 99 99"), 0) == 99999999 and bcd4(hexed("FF 00 00 00 00"), 1) == 0
    assert bcd3_signed(hexed("56 34 12"), 0) == 123456 and bcd3_signed(hexed("56 34 92"), 0) == -123456
    assert bcd3_signed(hexed("99 99 79"), 0) == 799999 and bcd3_signed(hexed("01 00 80"), 0) == -1
    for bad in ("1A 00 00", "00 A1 00", "00 00 1A", "00 00 9B", "FF FF FF"):
        assert abs(bcd3_signed(hexed(bad), 0)) > 1 << 30, bad
    assert bcd4(hexed("00 00 00 A0"), 0) > 1 << 30


def test_only_reads_of_a_sensible_length_and_addresses_of_twelve_digits_are_taken():
    made = Dlt645Framer({})
    for function, count in ((3, 4), (READ, 0), (READ, 197)):
        assert type(raised(made.request_read, "meter", 1, function, IMPORT, count)) is ValueError
    assert type(raised(made.request_write, "meter", 1, 6, 0, [0], 1)) is ValueError
    for text in ("", "12345678901", "1234567890123", "12345678901A", "１２３４５６７８９０１２"):
        assert type(raised(address_bytes, text)) is ValueError, text
    assert address_bytes("123456789012") == hexed("12 90 78 56 34 12")


def replied(dev, texts):
    """Each block of the meter answered out of {DI: data}."""
    plan = Plan(dev, 16)
    for block in plan.blocks:
        assert block.function == READ
        block.replied(b"x" + hexed(texts[block.register]), 1, 1000, 1005)
    return {name: (r.value if r.quality == GOOD else None) for name, r in dev.readings.items()}


def test_the_meter_gives_watts_and_watt_hours_through_its_transformers():
    data = {POWER: "56 34 12", IMPORT: "67 45 23 01", 0x00020000: "01 00 00 00"}
    got = replied(device("dlt645_meter"), data)
    assert got == {"power_w": 12346, "import_wh": 12345670, "export_wh": 10}, "12.3456 kW"
    data[POWER] = "56 34 92"
    dev = device("dlt645_meter", ct_ratio=80, pt_ratio=1)
    got = replied(dev, data)
    assert got == {"power_w": -987648, "import_wh": 987653600, "export_wh": 800}
    data[POWER] = "FF FF FF"
    assert replied(dev, data)["power_w"] is None and dev.readings["power_w"].why == WHY_IMPLAUSIBLE
