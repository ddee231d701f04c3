"""MicroPython's raw REPL on an emulated board: run code there and take what it printed, in the board's time."""

_RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n>"


class ReplError(Exception):
    """The code raised on the board (its traceback), or no prompt or no end came in time."""


class Repl:
    """board: EmulatedBoard that is on."""

    def __init__(self, board):
        self.board = board

    def interrupt(self, ms=3000):
        """Stop the program that runs and enter the raw REPL."""
        self.board.printed.clear()
        self.board.type(b"\r\x03\x03\x01")
        if not self.board.run_until(lambda: _RAW_PROMPT in self.board.printed, ms):
            raise ReplError(f"no raw REPL after {ms} ms: {bytes(self.board.printed)!r}")

    def start(self, code: str):
        """Begin to run code; it goes on whenever the board runs."""
        self.interrupt()
        self.board.printed.clear()
        self.board.type(code.encode() + b"\x04")

    @property
    def is_done(self) -> bool:
        return self.board.printed.count(b"\x04") >= 2

    def result(self, ms=10000) -> str:
        """What the started code printed until its end."""
        if not self.board.run_until(lambda: self.is_done, ms):
            raise ReplError(f"no end after {ms} ms: {bytes(self.board.printed)!r}")
        said, trace = bytes(self.board.printed).split(b"\x04")[:2]
        if trace:
            raise ReplError((said + trace).decode())
        return said.removeprefix(b"OK").decode().replace("\r\n", "\n")

    def exec(self, code: str, ms=10000) -> str:
        self.start(code)
        return self.result(ms)

    def exit(self):
        """Back to the friendly prompt."""
        self.board.type(b"\x02")
