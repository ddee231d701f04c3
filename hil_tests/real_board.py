"""A real board on a serial port, or an emulated one behind `socket://`: mpremote's own transport, nothing else."""

from mpremote.transport_serial import SerialTransport


class RealBoard:
    """port: as for `mpremote connect`. Leaving the context lets go of it. What ran on the board is interrupted."""

    def __init__(self, port):
        self._transport = SerialTransport(port, baudrate=115200)
        self._transport.enter_raw_repl()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._transport.exit_raw_repl()
        self._transport.close()

    def exec(self, code: str, ms=10000) -> str:
        """What the code printed. AssertionError with the traceback when it raised on the board."""
        said, trace = self._transport.exec_raw(code, timeout=ms / 1000)
        if trace:
            raise AssertionError((said + trace).decode())
        return said.decode().replace("\r\n", "\n")
