"""Who has signed a command: HMAC-SHA256 (RFC 2104, FIPS 180-4) with one key an authority, checked before anything in
the message is parsed.

The message is a JSON object in UTF-8 whose last member is `"mac":"<64 lower-case hexadecimal digits>"`. The digest goes
over the topic, a line feed and the message up to the comma before that member: a command for one station is worth
nothing to another.
"""

from binascii import hexlify
from hashlib import sha256

_BLOCK = 64  # bytes of a SHA-256 block
_MARK = b',"mac":"'
_DIGITS = 64
_END = b'"}'
_TAIL = len(_MARK) + _DIGITS + len(_END)

UNSIGNED, WRONG = "", "?"


def mac(key: bytes, topic: bytes, body) -> bytes:
    """The 64 digits for `body`, the message up to the comma before its `mac`. key: 1..64 bytes."""
    inner = sha256(bytes([each ^ 0x36 for each in key]) + b"\x36" * (_BLOCK - len(key)))
    inner.update(topic)
    inner.update(b"\n")
    inner.update(body)
    outer = sha256(bytes([each ^ 0x5C for each in key]) + b"\x5c" * (_BLOCK - len(key)))
    outer.update(inner.digest())
    return hexlify(outer.digest())


def signer(keys: dict, topic: bytes, message: bytes) -> str:
    """The authority whose key made the `mac` of the message, UNSIGNED when it has none, WRONG when it is nobody's.

    keys: {authority: key}. The comparison takes the same time wherever the first difference is.
    """
    at = len(message) - _TAIL
    if at < 1 or message[at : at + len(_MARK)] != _MARK or message[-len(_END) :] != _END:
        return UNSIGNED
    found, body = message[at + len(_MARK) : -len(_END)], memoryview(message)[:at]
    who = WRONG
    for authority in keys:
        if keys[authority] and _same(mac(keys[authority], topic, body), found):
            who = authority
    return who


def fingerprint(message: bytes) -> str:
    """Twelve digits that tell a message that came again from another one under the same id or counter."""
    return str(hexlify(sha256(message).digest()[:6]), "ascii")


def _same(a: bytes, b: bytes) -> bool:
    different = len(a) ^ len(b)
    for at in range(min(len(a), len(b))):
        different |= a[at] ^ b[at]
    return different == 0
