# runs on: cpython, micropython
"""Each board's folder says what the rest of the firmware asks of it, and no pin has two uses."""

from firmware.config_schema import BOARDS


def board(name):
    return __import__("boards." + name + ".board", None, None, ("board",))


def test_every_board_that_a_station_file_may_name_is_there():
    for name in BOARDS:
        constants = board(name)
        assert constants.NAME == name
        assert 2 <= constants.MAX_TCP <= 17 and constants.HEAP_BYTES >= 100000
        assert constants.WATCHDOG_MS is None or 1000 <= constants.WATCHDOG_MS <= 8388


def test_no_pin_of_a_real_board_has_two_uses():
    for name, forbidden in (("rpi_pico_w", (23, 24, 25, 29)), ("esp32_generic", (0, 1, 3, 6, 7, 8, 9, 10, 11, 12))):
        constants = board(name)
        pins = [contact[0] for contact in constants.CONTACTS.values()]
        for _, tx, rx, enable in constants.UARTS.values():
            pins += [tx, rx, enable]
        pins += getattr(constants, "RTS", {}).values()
        assert len(pins) == len(set(pins)), (name, pins)
        assert not set(pins) & set(forbidden), (name, pins)


def test_the_emergency_stop_and_the_reset_have_a_pin():
    for name in ("rpi_pico_w", "esp32_generic"):
        for contact in ("ESTOP", "RESET"):
            _, pull, closed = board(name).CONTACTS[contact]
            # A broken wire must read as an open contact.
            assert (pull, closed) in (("down", 1), ("up", 0))
