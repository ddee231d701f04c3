# runs on: cpython, micropython
"""The state file: what was stored comes back, and what is damaged is never taken for something stored."""

import os

from firmware import state
from firmware.state import State

DEFAULTS = {"boots": 0, "estop": False, "limit": "none"}
VALUES = {"boots": 41, "estop": True, "limit": "站 A", "max_w.gun1": 480000}


class Folder:
    """A folder for one test; MicroPython has no tempfile."""

    def __enter__(self):
        self.path = "/tmp/guangchu-state-" + "".join(["%02x" % byte for byte in os.urandom(6)])
        os.mkdir(self.path)
        return self

    def __exit__(self, *_):
        for name in os.listdir(self.path):
            os.remove(self.path + "/" + name)
        os.rmdir(self.path)

    def state(self, defaults=DEFAULTS):
        return State(self.path + "/state", dict(defaults))

    def write(self, data):
        with open(self.path + "/state", "wb") as file:
            file.write(data)

    def read(self):
        with open(self.path + "/state", "rb") as file:
            return file.read()


def test_stored_values_come_back_with_their_types():
    with Folder() as folder:
        first = folder.state()
        first.values.update(VALUES)
        assert first.save() is True
        second = folder.state()
        assert second.load() is None and second.values == VALUES
        assert second.values["estop"] is True
        assert os.listdir(folder.path) == ["state"]


def test_a_first_start_has_the_defaults():
    with Folder() as folder:
        fresh = folder.state()
        assert fresh.load() == "absent" and fresh.values == DEFAULTS


def test_defaults_fill_what_an_older_file_lacks():
    with Folder() as folder:
        folder.write(state.encode({"boots": 7}))
        later = folder.state()
        assert later.load() is None and later.values == {"boots": 7, "estop": False, "limit": "none"}


def test_an_unchanged_state_is_not_written_again():
    with Folder() as folder:
        first = folder.state()
        first.save()
        os.remove(folder.path + "/state")
        assert first.save() is False and os.listdir(folder.path) == []
        first.values["boots"] += 1
        assert first.save() is True
        second = folder.state()
        second.load()
        assert second.save() is False


def test_a_file_cut_at_any_byte_gives_the_defaults():
    data = state.encode(VALUES)
    for length in range(len(data)):
        problem, values = state.decode(data[:length])
        assert (problem, values) == ("corrupt", {}), length
    assert state.decode(data) == (None, VALUES)
    assert state.decode(data + b"\n")[0] == "corrupt"


def test_a_file_with_any_byte_changed_gives_the_defaults():
    data = bytearray(state.encode(VALUES))
    for place in range(len(data)):
        good = data[place]
        for mask in (0x01, 0x02, 0x10, 0x20, 0x80, 0xFF):  # 0x20 swaps the case of a letter or of a hex digit
            data[place] = good ^ mask
            assert state.decode(bytes(data)) == ("corrupt", {}), (place, mask)
        data[place] = good
    assert state.decode(bytes(data)) == (None, VALUES)


def test_a_damaged_file_is_reported_and_replaced_by_the_next_save():
    with Folder() as folder:
        folder.write(b"\x00" * 40)
        found = folder.state()
        assert found.load() == "corrupt" and found.values == DEFAULTS
        assert found.save() is True
        assert folder.state().load() is None


def test_a_file_of_another_version_is_told_from_a_damaged_one():
    body = b'{"boots": 3}\n'
    assert state.decode(state._header(2, body) + body) == ("schema", {})


def test_a_value_of_another_type_than_its_default_is_not_taken():
    with Folder() as folder:
        folder.write(state.encode({"boots": True, "estop": 1, "limit": "x"}))
        found = folder.state()
        assert found.load() == "type"
        assert found.values == {"boots": 0, "estop": False, "limit": "x"}
        assert found.values["boots"] is not False


def test_what_is_no_number_word_or_flag_is_refused_and_the_old_file_stays():
    with Folder() as folder:
        kept = folder.state()
        kept.save()
        before = folder.read()
        for value in (1.5, None, [1], {"a": 1}):
            kept.values["boots"] = value
            try:
                kept.save()
            except TypeError as error:
                assert "boots" in str(error)
            else:
                raise AssertionError("taken")
        assert folder.read() == before


def test_a_state_that_grows_beyond_its_bound_is_refused():
    with Folder() as folder:
        kept = folder.state()
        kept.values["limit"] = "x" * state.MAX_BYTES
        try:
            kept.save()
        except ValueError:
            assert os.listdir(folder.path) == []
        else:
            raise AssertionError("taken")


def test_a_half_written_second_file_is_ignored():
    with Folder() as folder:
        first = folder.state()
        first.values["boots"] = 5
        first.save()
        with open(folder.path + "/state.tmp", "wb") as file:
            file.write(state.encode({"boots": 6})[:-3])
        second = folder.state()
        assert second.load() is None and second.values["boots"] == 5
        second.values["boots"] = 7
        assert second.save() and os.listdir(folder.path) == ["state"]


def test_the_bytes_are_the_same_on_every_runtime():
    data = b'guangchu-state 1 29 e0c15f43\n{"boots": 3, "estop": false}\n'
    assert state.encode({"estop": False, "boots": 3}) == data
    assert state.decode(data) == (None, {"boots": 3, "estop": False})
