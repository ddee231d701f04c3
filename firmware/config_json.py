"""Finds the first place where a text is not JSON, and says what was expected there.

MicroPython's `json` names no position and accepts much that is not JSON (`[1 2]`, `{"a" 1}`, `[1,]`, `01`), so every
station file passes this strict scan (RFC 8259) first, on both runtimes alike. Stricter than the RFC where a board needs
it: no key twice in one object, nesting to MAX_DEPTH, numbers to MAX_NUMBER characters, no surrogate escapes.
"""

MAX_DEPTH = 8
MAX_NUMBER = 20

_SPACE = b" \t\r\n"
_DIGITS = b"0123456789"
_HEX = b"0123456789abcdefABCDEF"
_ESCAPES = b'"\\/bfnrt'


class JsonProblem(Exception):
    """code: a key of the text table; line and column count from 1, columns in characters; found; allowed."""

    def __init__(self, code, line, column, found, allowed):
        super().__init__(code)
        self.code = code
        self.line = line
        self.column = column
        self.found = found
        self.allowed = allowed


def check(data: bytes):
    """Raises JsonProblem at the first byte of `data` (UTF-8) that cannot belong to a JSON text."""
    scan = _Scan(data)
    scan.value(0)
    scan.space()
    if scan.at < len(data):
        scan.fail("json_more", "")


class _Scan:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def fail(self, code, allowed, at=None, found=None):
        at = self.at if at is None else at
        line = 1 + self.data[:at].count(b"\n")
        start = self.data.rfind(b"\n", 0, at) + 1
        column = 1
        for byte in self.data[start:at]:
            if byte & 0xC0 != 0x80:  # a continuation byte of UTF-8 starts no character
                column += 1
        if found is None:
            found = self.found(at)
        raise JsonProblem(code, line, column, found, allowed)

    def found(self, at):
        """The character at `at` as text, or None at the end of the file."""
        if at >= len(self.data):
            return None
        end = at + 1
        while end < len(self.data) and self.data[end] & 0xC0 == 0x80:
            end += 1
        return str(self.data[at:end], "utf-8")

    def peek(self):
        return self.data[self.at] if self.at < len(self.data) else -1

    def space(self):
        while self.at < len(self.data) and self.data[self.at] in _SPACE:
            self.at += 1

    def expect(self, byte, allowed):
        self.space()
        if self.peek() != byte:
            self.fail("json_expected", allowed)
        self.at += 1

    def value(self, depth):
        self.space()
        if depth > MAX_DEPTH:
            self.fail("json_deep", MAX_DEPTH)
        first = self.peek()
        if first == 0x7B:  # {
            self.object(depth)
        elif first == 0x5B:  # [
            self.array(depth)
        elif first == 0x22:  # "
            self.string()
        elif first == 0x2D or (first >= 0 and first in _DIGITS):
            self.number()
        else:
            for word in (b"true", b"false", b"null"):
                if self.data[self.at:self.at + len(word)] == word:
                    self.at += len(word)
                    return
            self.fail("json_expected", "{ [ \" 0-9 - true false null")

    def object(self, depth):
        self.at += 1
        keys = set()
        self.space()
        if self.peek() == 0x7D:  # }
            self.at += 1
            return
        while True:
            self.space()
            start = self.at
            if self.peek() != 0x22:
                self.fail("json_expected", '"')
            self.string()
            key = self.data[start:self.at]
            if key in keys:
                self.fail("json_key_twice", "", start, str(key[1:-1], "utf-8"))
            keys.add(key)
            self.expect(0x3A, ":")
            self.value(depth + 1)
            self.space()
            if self.peek() == 0x7D:
                self.at += 1
                return
            self.expect(0x2C, ", }")

    def array(self, depth):
        self.at += 1
        self.space()
        if self.peek() == 0x5D:  # ]
            self.at += 1
            return
        while True:
            self.value(depth + 1)
            self.space()
            if self.peek() == 0x5D:
                self.at += 1
                return
            self.expect(0x2C, ", ]")

    def string(self):
        start = self.at
        self.at += 1
        while True:
            byte = self.peek()
            if byte < 0 or byte == 0x0A:
                self.fail("json_string_end", '"', start, str(self.data[start:self.at], "utf-8"))
            if byte < 0x20:
                self.fail("json_control", "\\n \\t \\uXXXX", found="\\x%02x" % byte)
            self.at += 1
            if byte == 0x22:
                return
            if byte == 0x5C:
                self.escape()

    def escape(self):
        byte = self.peek()
        if byte == 0x75:  # \uXXXX
            digits = self.data[self.at + 1:self.at + 5]
            for digit in digits:
                if digit not in _HEX:
                    self.fail("json_escape", "\\u0000-\\uFFFF")
            # MicroPython does not join surrogate pairs: the text would hold bytes that are not UTF-8.
            if len(digits) < 4 or 0xD800 <= int(digits, 16) <= 0xDFFF:
                self.fail("json_escape", "\\u0000-\\uD7FF, \\uE000-\\uFFFF")
            self.at += 5
        elif byte < 0 or byte not in _ESCAPES:
            self.fail("json_escape", '\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX')
        else:
            self.at += 1

    def digits(self):
        start = self.at
        while self.at < len(self.data) and self.data[self.at] in _DIGITS:
            self.at += 1
        if self.at == start:
            self.fail("json_expected", "0-9")

    def number(self):
        start = self.at
        if self.peek() == 0x2D:
            self.at += 1
        if self.peek() == 0x30:  # a number starts with 0 only when it is 0
            self.at += 1
            if self.peek() >= 0 and self.peek() in _DIGITS:
                self.fail("json_leading_zero", "")
        else:
            self.digits()
        if self.peek() == 0x2E:
            self.at += 1
            self.digits()
        if self.peek() in (0x65, 0x45):
            self.at += 1
            if self.peek() in (0x2B, 0x2D):
                self.at += 1
            self.digits()
        if self.at - start > MAX_NUMBER:
            self.fail("json_long_number", MAX_NUMBER, start, str(self.data[start:start + MAX_NUMBER], "utf-8"))
