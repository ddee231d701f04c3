# runs on: cpython, micropython
import sys

for folder in ("tests/firmware", __file__.rsplit("/", 1)[0]):
    if folder not in sys.path:
        sys.path.append(folder)

from scratch import Folder  # noqa: E402

from firmware import keys, signing  # noqa: E402

KEY = bytes(range(32))
TOPIC = b"guangchu/v1/GC-T/command"


def signed(body, key=KEY, topic=TOPIC):
    """body: the JSON object without its mac."""
    return body[:-1] + b',"mac":"' + signing.mac(key, topic, body[:-1]) + b'"}'


def test_the_digest_is_what_openssl_makes_of_the_same_bytes():
    # printf 'what do ya want\\nfor nothing?' | openssl dgst -sha256 -hmac Jefe
    digest = b"50ff9fd552ba6f7d7aea9a88e93f2ebee2870bf860cfd7a2b6cf2cbbed92a13e"
    assert signing.mac(b"Jefe", b"what do ya want", b"for nothing?") == digest


def test_the_right_key_is_found_among_several():
    held = {"operator": b"o" * 32, "grid": KEY, "service": b""}
    assert signing.signer(held, TOPIC, signed(b'{"id":"a"}')) == "grid"
    assert signing.signer(held, TOPIC, signed(b'{"id":"a"}', b"o" * 32)) == "operator"
    assert signing.signer({}, TOPIC, signed(b'{"id":"a"}')) == signing.WRONG


def test_one_changed_byte_anywhere_is_noticed():
    message = signed(b'{"id":"a","type":"limit"}')
    for at in range(len(message)):
        changed = bytearray(message)
        changed[at] ^= 1
        assert signing.signer({"grid": KEY}, TOPIC, bytes(changed)) != "grid", at
    assert signing.signer({"grid": KEY}, TOPIC + b"s", message) == signing.WRONG
    assert signing.signer({"grid": KEY}, TOPIC, message + b" ") == signing.UNSIGNED


def test_a_mac_that_is_not_the_last_member_is_no_signature():
    body = b'{"id":"a"'
    mac = signing.mac(KEY, TOPIC, body)
    late = body + b',"mac":"' + mac + b'","type":"limit"}'
    assert signing.signer({"grid": KEY}, TOPIC, late) == signing.UNSIGNED
    for message in (b"", b"{}", b'"}', b',"mac":"' + mac + b'"}', b"x" * 74):
        assert signing.signer({"grid": KEY}, TOPIC, message) == signing.UNSIGNED


def test_an_empty_key_signs_nothing():
    assert signing.signer({"grid": b""}, TOPIC, signed(b'{"id":"a"}', b"")) == signing.WRONG


def test_upper_case_digits_are_not_taken():
    message = signed(b'{"id":"a"}')
    assert signing.signer({"grid": KEY}, TOPIC, message[:-66] + message[-66:].upper()) == signing.WRONG


def with_keys(text):
    with Folder() as scratch:
        scratch.write("keys.json", text.encode())
        return keys.load(scratch.path)


def test_keys_are_read_by_authority():
    text = '{"mqtt_password":"p","authorities":{"grid":"%s","operator":"%s"}}' % ("00" * 16, "ab" * 64)
    password, held = with_keys(text)
    assert password == "p" and held == {"grid": bytes(16), "operator": b"\xab" * 64}
    assert with_keys('{"mqtt_password":"p"}') == ("p", {})
    assert keys.load("no-such-folder") == (None, {})


def test_a_key_that_is_none_still_says_that_commands_are_signed():
    for key in ("", "00" * 15, "00" * 65, "zz" * 16, "0" * 33):
        assert with_keys('{"authorities":{"grid":"%s"}}' % key) == (None, {"grid": b""}), key
    assert with_keys('{"authorities":{"grid":5}}')[1] == {"grid": b""}


def test_a_file_that_cannot_be_understood_lets_nobody_sign_and_nobody_in():
    for text in ("{", "[]", "5", '{"authorities":[1]}', '{"authorities":5}', "\x00"):
        assert with_keys(text) == (None, {"operator": b"", "grid": b"", "service": b""}), text


def test_a_fingerprint_tells_messages_apart():
    assert signing.fingerprint(b"a") != signing.fingerprint(b"b") and len(signing.fingerprint(b"a")) == 12
