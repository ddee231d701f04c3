"""What the controller remembers over a restart: a small dict of numbers, words and flags in one file.

The file is one header line and one line of JSON:

    guangchu-state 1 29 e0c15f43
    {"boots": 3, "estop": false}

with the schema version, the number of bytes and the CRC-32 of the JSON. A save writes a second file and renames it over
the first, so that a power cut at any byte leaves the old or the new content. What does not match its header to the last
byte is not used: the defaults are, and `problem` says why.
"""

import json
import os
from binascii import crc32
from hashlib import sha256

SCHEMA = 1
MAX_BYTES = 8192
_MAGIC = "guangchu-state"

# What can be wrong with the file, by the number that its alarm (`state_damaged`) tells; the first is no reason for one.
PROBLEMS = ("absent", "unreadable", "corrupt", "schema", "type")


class State:
    """`values` is a plain dict: read and write it, then call save().

    path: the file; `path + ".tmp"` is used beside it. defaults: the values of a first start; a stored value of another
    type than its default is not taken. Stored keys without a default are kept (learned maxima, for example).
    problem: None after a clean load, else one of PROBLEMS.
    """

    def __init__(self, path, defaults):
        _check(defaults)
        self.path = path
        self.defaults = defaults
        self.values = dict(defaults)
        self.problem = None
        self._saved = None  # a fingerprint of the bytes known to be in the file

    def load(self):
        """Takes the stored values; never raises. Returns `problem`."""
        self.values = dict(self.defaults)
        self._saved = None
        self.problem, stored = self._read()
        for key, value in stored.items():
            if key in self.defaults and type(value) is not type(self.defaults[key]):
                self.problem = "type"
            else:
                self.values[key] = value
        return self.problem

    def save(self) -> bool:
        """Writes the values if they differ from the file (flash wears out); True when it wrote.

        Raises OSError when the file system refuses, TypeError or ValueError for a value that cannot be stored or a
        state of more than MAX_BYTES; the old file is whole after each of these.
        """
        _check(self.values)
        data = encode(self.values)
        fingerprint = sha256(data).digest()
        if fingerprint == self._saved:
            return False
        if len(data) > MAX_BYTES:
            raise ValueError("state of {} bytes, at most {} are allowed".format(len(data), MAX_BYTES))
        temporary = self.path + ".tmp"
        # The name must not reach the disk before the bytes: on boards LittleFS commits them when the file is closed,
        # and a process has one of the two calls.
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            if hasattr(os, "fsync"):
                os.fsync(file.fileno())
        if not hasattr(os, "fsync") and hasattr(os, "sync"):
            os.sync()
        os.rename(temporary, self.path)
        self._saved = fingerprint
        return True

    def _read(self):
        try:
            # No more memory than the file needs: a read of MAX_BYTES would want one piece of the heap of that size.
            size = min(os.stat(self.path)[6], MAX_BYTES) + 1
            with open(self.path, "rb") as file:
                data = file.read(size)
        except OSError as error:
            return ("absent" if error.args and error.args[0] == 2 else "unreadable"), {}
        problem, values = decode(data)
        if problem is None:
            self._saved = sha256(data).digest()
        return problem, values


def encode(values) -> bytes:
    """The bytes of a state file; equal values give equal bytes."""
    # Sorted by hand: MicroPython's json has no sort_keys, and its dicts keep no order.
    pairs = [json.dumps(key) + ": " + json.dumps(values[key]) for key in sorted(values)]
    body = ("{" + ", ".join(pairs) + "}\n").encode()
    return _header(SCHEMA, body) + body


def decode(data):
    """(None, values) of the bytes of a state file, or (problem, {})."""
    end = data.find(b"\n") + 1
    header, body = data[:end], data[end:]
    if header == _header(SCHEMA, body):
        try:
            values = json.loads(str(body, "utf-8"))
            _check(values)
            return None, values
        except (ValueError, TypeError):
            return "corrupt", {}
    parts = header.split()
    if len(parts) == 4 and parts[1].isdigit() and len(parts[1]) < 6 and header == _header(int(parts[1]), body):
        return "schema", {}
    return "corrupt", {}


def _header(schema, body):
    # The schema version stands in the checksum as well: a flipped bit in it is damage, not another version.
    checksum = crc32(body, schema) & 0xFFFFFFFF
    return "{} {} {} {:08x}\n".format(_MAGIC, schema, len(body), checksum).encode()


def _check(values):
    if not isinstance(values, dict):
        raise TypeError("state must be a dict, not {}".format(type(values)))
    for key, value in values.items():
        if not isinstance(key, str) or not isinstance(value, (int, str, bool)):
            raise TypeError("state[{!r}] = {!r}: an int, a str or a bool is needed".format(key, value))
