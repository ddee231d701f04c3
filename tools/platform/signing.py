"""Signed commands as docs/mqtt.md describes them, made on the platform's side.

The MAC is HMAC-SHA256 over the topic, a line feed, and the message up to the comma before its last member, `mac`.
Written from that page alone, with CPython's own hmac, so that the firmware's implementation has an independent peer.
"""

import hashlib
import hmac
import json
import time
from pathlib import Path

AUTHORITIES = ("operator", "grid", "service")


class KeyFileError(Exception):
    """A key file that cannot be used; the text names the file, what was found and what is allowed."""


def load_key(path: str | Path, authority: str) -> bytes:
    """The key of one authority from a file of the form of `keys.json`. Raises KeyFileError."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        text = content["authorities"][authority]
        key = bytes.fromhex(text)
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise KeyFileError(f"{path}: authorities.{authority}: expected 32..128 hexadecimal digits") from error
    if not 16 <= len(key) <= 64:
        raise KeyFileError(f"{path}: authorities.{authority}: found {len(key)} bytes, allowed 16..64")
    return key


def sign(topic: str, body: dict, key: bytes) -> bytes:
    """The message to publish on `topic`. body: every member but `mac`."""
    unsigned = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()[:-1]
    digest = hmac.new(key, topic.encode() + b"\n" + unsigned, hashlib.sha256).hexdigest()
    return unsigned + b',"mac":"' + digest.encode() + b'"}'


def command(station: str, kind: str, authority: str, fields: dict, valid_s: int, now_s: float | None = None) -> dict:
    """The members of a command but `mac`. The counter is the time in ms, so that it rises over all senders of one
    authority whose clocks agree, without a memory of its own."""
    at_s = time.time() if now_s is None else now_s
    counter = int(at_s * 1000)
    return {
        "id": f"{authority}-{counter}",
        "type": kind,
        "station": station,
        "authority": authority,
        "issued": int(at_s),
        "expires": int(at_s) + valid_s,
        "counter": counter,
        **fields,
    }
