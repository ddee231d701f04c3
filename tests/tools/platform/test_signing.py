"""The platform's signature against the firmware's, and the files that hold the keys."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import signing as firmware_signing
from tools.platform.signing import KeyFileError, command, load_key, sign

TOPIC = "guangchu/v1/GC-T/command"
KEY = bytes(range(32))
FIELDS = st.dictionaries(
    st.text("abcdefgh_", min_size=1, max_size=12),
    st.one_of(st.integers(-(1 << 53), 1 << 53), st.text(max_size=30), st.booleans(), st.none()),
    max_size=6,
)


@given(FIELDS, st.binary(min_size=16, max_size=64))
def test_the_firmware_knows_who_signed_whatever_the_platform_sends(fields, key):
    message = sign(TOPIC, command("GC-T", "limit", "grid", fields, 60), key)
    assert json.loads(message)["authority"] == fields.get("authority", "grid")
    keys = {"operator": b"another key of 20 by", "grid": key}
    assert firmware_signing.signer(keys, TOPIC.encode(), message) == "grid"


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_changed_byte_makes_the_signature_nobodys(at, change):
    message = bytearray(sign(TOPIC, command("GC-T", "limit", "grid", {"limit_w": 300000}, 60), KEY))
    message[at % len(message)] ^= change
    assert firmware_signing.signer({"grid": KEY}, TOPIC.encode(), bytes(message)) != "grid"


def test_a_command_for_one_station_is_nothing_to_another():
    message = sign(TOPIC, command("GC-T", "limit", "grid", {}, 60), KEY)
    other = TOPIC.replace("GC-T", "GC-U").encode()
    assert firmware_signing.signer({"grid": KEY}, other, message) == firmware_signing.WRONG


def test_the_counter_rises_with_the_clock_and_the_command_expires():
    first = command("GC-T", "limit", "grid", {}, 60, now_s=1_800_000_000.001)
    second = command("GC-T", "limit", "grid", {}, 60, now_s=1_800_000_000.002)
    assert second["counter"] == first["counter"] + 1
    assert first["expires"] - first["issued"] == 60
    assert first["counter"] < 1 << 53


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "No such file"),
        ("no json", "authorities.grid"),
        ('{"authorities": {}}', "authorities.grid"),
        ('{"authorities": {"grid": "xyz"}}', "32..128 hexadecimal"),
        ('{"authorities": {"grid": "00112233"}}', "found 4 bytes, allowed 16..64"),
        ('{"authorities": {"grid": 5}}', "authorities.grid"),
    ],
)
def test_a_key_file_that_cannot_be_used_is_named_with_what_is_wrong(tmp_path, content, found):
    path = tmp_path / "keys.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(KeyFileError) as refused:
        load_key(path, "grid")
    assert str(path) in str(refused.value) and found in str(refused.value)
    assert "00112233" not in str(refused.value), "a key is no business of a log"
