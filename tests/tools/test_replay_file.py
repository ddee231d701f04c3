"""A recording is read back as it was written; one that was cut off, damaged or written by others is refused by name."""

import asyncio
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware import black_box, black_box_file
from firmware.black_box_file import save
from tests.firmware.black_box_station import World
from tools import replay_file
from tools.replay_file import Frame, Key, RecordingError, Reflex


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    world = World(6, folder=str(tmp_path_factory.mktemp("board"))).run(200)
    return asyncio.run(save(world.frozen()))


def refused(data, name="box.bin"):
    with pytest.raises(RecordingError) as caught:
        replay_file.parse(data, name)
    assert caught.value.zh and caught.value.en
    return str(caught.value)


def signed(body):
    return body + f"{zlib.crc32(body):08x}\n".encode()


def test_every_cycle_is_read_back_in_order(file):
    recording = replay_file.load(file)
    assert isinstance(recording.entries[0], Key)
    assert recording.head["cause"] == "request" and recording.head["station"] == "VIRTUAL"
    cycles = [frame.cycle for frame in recording.frames]
    assert cycles == list(range(cycles[0], cycles[0] + len(cycles))) and len(cycles) > 80
    assert cycles[-1] - recording.head["event_cycle"] in (15, 16)
    assert any(isinstance(entry, Reflex) for entry in recording.entries)
    assert sum(isinstance(entry, Key) for entry in recording.entries) >= 3


def test_what_control_was_told_is_read_back(tmp_path):
    """Beside the recording, the test keeps every input itself."""
    world, told = World(6, folder=str(tmp_path)).run(1), {}
    while not world.box.frozen:
        if world.cycle == 100:
            world.box.trigger(black_box.REQUEST)
        world.prepare()
        world.decide()
        inputs = vars(world.inputs)
        told[world.box.cycle] = (world.dt_ms, {k: list(v) if hasattr(v, "typecode") else v for k, v in inputs.items()})
    recording = replay_file.load(asyncio.run(save(world.box)))
    assert len(recording.frames) > 80
    for frame in recording.frames:
        assert (frame.dt_ms, frame.inputs) == told[frame.cycle]


@given(st.lists(st.tuples(st.integers(-(1 << 30), (1 << 30) - 1), st.integers(0, (1 << 29) - 1)), min_size=1,
                max_size=12), st.data())  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_value_of_31_bits_is_read_back(pairs, data):
    world = World(3)
    world.run(2)
    box, station = world.box, world.station
    wanted = []
    for value, age_ms in pairs:
        station.inputs.grid_w = value
        station.inputs.gun_w[1] = -1 - value
        station.base_w = value
        station.inputs.grid_age_ms = data.draw(st.sampled_from([age_ms, 1 << 29]))
        dt_ms = data.draw(st.sampled_from([0, 200, 1 << 20]))
        box.record(dt_ms)
        wanted.append((value, -1 - value, station.inputs.grid_age_ms, dt_ms))
        if data.draw(st.booleans()):
            box.record_reflex(value)
            wanted.append(value)
    box.trigger(black_box.REQUEST)
    body = b"".join(bytes(piece) for piece in black_box_file.pieces(box))
    found = []
    for entry in replay_file.parse(signed(body)).entries:
        if isinstance(entry, Frame):
            told = entry.inputs
            found.append((told["grid_w"], told["gun_w"][1], told["grid_age_ms"], entry.dt_ms))
        elif isinstance(entry, Reflex):
            found.append(entry.grid_w)
    assert found[-len(wanted):] == wanted  # the first frame is of cycle 2


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.3, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused_with_its_length(file, share):
    data = open(file, "rb").read()
    said = refused(data[: int(len(data) * share)])
    assert "box.bin" in said and ("cut off" in said or "line of JSON" in said or "guangchu-black-box 2" in said)


def test_the_lengths_found_and_allowed_are_told(file):
    data = open(file, "rb").read()
    said = refused(data[:-100])
    assert f"found {len(data) - 100} bytes, allowed {len(data)} bytes (the file was cut off)" in said
    assert "文件被截断" in said
    assert f"found {len(data) + 1} bytes, allowed {len(data)} bytes" in refused(data + b"x")


def test_any_flipped_bit_is_refused(file):
    data = bytearray(open(file, "rb").read())
    for at in range(0, len(data), 37):
        data[at] ^= 1 << at % 8
        assert "box.bin" in refused(bytes(data)), at
        data[at] ^= 1 << at % 8
    replay_file.parse(bytes(data))


def test_damage_names_the_checksum(file):
    data = bytearray(open(file, "rb").read())
    data[-500] ^= 4
    said = refused(bytes(data))
    assert "CRC" in said and "damaged" in said and "已损坏" in said


def test_another_schema_is_refused_with_the_one_that_is_known(file):
    data = open(file, "rb").read().replace(b"black-box 2", b"black-box 3", 1)
    said = refused(signed(data[:-9]))
    assert "box.bin:1" in said and "guangchu-black-box 3" in said and '"guangchu-black-box 2"' in said


@pytest.mark.parametrize("change", [
    lambda head: head.pop("fields"),
    lambda head: head["fields"].pop("state"),
    lambda head: head["fields"]["inputs"].append(["x", -1]),
    lambda head: head["fields"]["inputs"].append("x"),
    lambda head: head.update(fixed=[]),
    lambda head: head.update(bytes="many"),
])  # fmt: skip
def test_a_head_that_does_not_fit_is_refused_even_with_a_good_checksum(file, change):
    magic, head, rest = open(file, "rb").read().split(b"\n", 2)
    head = json.loads(head)
    change(head)
    assert "box.bin:2" in refused(signed(b"\n".join([magic, json.dumps(head).encode(), rest[:-9]])))


def test_bytes_that_are_no_entry_are_refused_with_their_place(file):
    magic, head, rest = open(file, "rb").read().split(b"\n", 2)
    ring = bytearray(rest[:-9])
    ring[0] = 0x21
    said = refused(signed(b"\n".join([magic, head, bytes(ring)])))
    assert "ring byte 0" in said and "0x21" in said and "0x4b" in said


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_ring_of_any_content_raises_anything_else(ring):
    shapes = {"ages": [["a_age_ms", 0]], "inputs": [["grid_w", 0], ["gun_w", 3]], "summed": [], "state": [["u", 2]],
              "decisions": [["base_w", 0], ["storage_setpoint_w", 0]]}  # fmt: skip
    head = json.dumps({"fields": shapes, "fixed": {}, "bytes": len(ring)}).encode()
    try:
        replay_file.parse(signed(b"guangchu-black-box 2\n" + head + b"\n" + ring))
    except RecordingError:
        pass


def test_an_empty_ring_is_refused():
    box = World(6, size=256).frozen()
    said = refused(signed(b"".join(bytes(piece) for piece in black_box_file.pieces(box))))
    assert "0 cycles" in said and "at least 1 cycle" in said


def test_a_file_of_megabytes_is_not_read(tmp_path):
    (tmp_path / "big.bin").write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(RecordingError, match="at most 1048576 bytes"):
        replay_file.load(tmp_path / "big.bin")


@pytest.mark.parametrize("guns, seconds", [(6, 19), (32, 12), (64, 20)])
def test_the_ring_holds_the_seconds_that_the_documentation_states(guns, seconds):
    world = World(guns)
    world.run(300 if guns < 10 else 150)
    box = world.frozen()
    body = b"".join(bytes(piece) for piece in black_box_file.pieces(box))
    frames = replay_file.parse(signed(body)).frames
    assert sum(frame.dt_ms for frame in frames) >= seconds * 1000
    text = open("docs/black-box.md", encoding="utf-8").read()
    assert f"| {guns} | {box.size // 1024} KB | {seconds} s |" in text


def test_the_file_is_made_of_small_pieces():
    box = World(32).frozen()
    sizes = [len(piece) for piece in black_box_file.pieces(box)]
    assert max(sizes) <= 512 and sum(sizes) > 6000
