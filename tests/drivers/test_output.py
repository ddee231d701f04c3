# runs on: cpython, micropython
from drivers.output import Output
from drivers.phase_current import PhaseCurrent
from tests.drivers.stations import words
from tests.drivers.tables import Table, device


def encoded(output, value, **params):
    dev = device(Table("gun", outputs=(output,)), **params)
    buffer = [0] * 4
    count = output.put(dev, output.to_raw(dev, value), buffer)
    return buffer[:count]


def decoded(output, *registers, **params):
    dev = device(Table("gun", outputs=(output,)), **params)
    raw = output.get(dev, b"ab" + words(*registers), 2)
    return None if raw is None else output.to_value(dev, raw)


def test_negative_setpoints_in_one_and_two_registers_and_both_orders():
    one = Output("limit_w", 6, 0, den=100, low=-60000, high=60000)
    assert encoded(one, -30000) == [0x10000 - 300] and decoded(one, 0x10000 - 300) == -30000
    two = Output("limit_w", 16, 0, words=2, low=-60000, high=60000)
    assert encoded(two, -2) == [0xFFFF, 0xFFFE] and decoded(two, 0xFFFF, 0xFFFE) == -2
    low = Output("limit_w", 16, 0, words=2, low_first=True, low=-60000, high=60000)
    assert encoded(low, -2) == [0xFFFE, 0xFFFF] and decoded(low, 0xFFFE, 0xFFFF) == -2
    plus = Output("limit_w", 16, 0, words=2, low_first=True, high=200000)
    assert encoded(plus, 150000) == [0x49F0, 2] and decoded(plus, 0x49F0, 2) == 150000


def test_a_value_that_is_too_small_for_the_device_becomes_zero():
    output = Output("limit_w", 16, 0, words=2, smallest=500, low=-60000, high=60000)
    assert encoded(output, 499) == [0, 0] and encoded(output, -499) == [0, 0] and encoded(output, 500) == [0, 500]


def test_a_choice_is_written_as_its_code():
    output = Output("run", 6, 0x3000, codes={0: 0x0155, 1: 0x01AA, 2: 0x02AA}, high=2)
    assert [encoded(output, v) for v in (0, 1, 2)] == [[0x0155], [0x01AA], [0x02AA]]
    assert decoded(output, 0x02AA) == 2 and decoded(output, 7) is None


def test_milliampere_per_phase():
    output = PhaseCurrent("limit_w", 6, 5004, counts_per_a=1000, high=22080)
    assert encoded(output, 11040, phases=3) == [16000] and encoded(output, 4139, phases=3) == [0]
    assert decoded(output, 16000, phases=3) == 11040
    assert encoded(output, 3680, phases=1) == [16000]


def test_the_sign_of_a_read_back_comes_from_the_command_register():
    output = Output("power_w", 6, 13051, read_sign=(-1, {0xAA: 1, 0xBB: -1, 0xCC: 0}), low=-9000, high=9000)
    assert (output.read_offset, output.read_words) == (-1, 2)
    assert decoded(output, 0xAA, 3000) == 3000 and decoded(output, 0xBB, 3000) == -3000
    assert decoded(output, 0xCC, 3000) == 0 and decoded(output, 1, 3000) is None


def test_an_unknown_feature_is_a_mistake_of_the_table():
    try:
        Output("limit_w", 6, 0, factor=10)
    except TypeError as error:
        assert "limit_w" in str(error) and "factor" in str(error)
    else:
        raise AssertionError("taken")
