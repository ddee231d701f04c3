"""The emulated board as a process with TCP ports, in real time: for mpremote, pymodbus and people."""

import json
import os
import subprocess

from tools.board.emulated import DRIVER_PINS
from tools.board.parts import HERE, find

HOST = "127.0.0.1"


class ServedBoard:
    """Leaving the context ends it. flash: a file that keeps the flash chip's content, None: it starts as new.

    usb_port, uart_ports: TCP ports on 127.0.0.1 (0 as an argument: any free one). url: for `mpremote connect`.
    pace: "real", or "max" for as fast as this machine can.
    """

    def __init__(self, flash=None, usb_port=0, uart_ports=(0, 0), pace="real", driver_pins=DRIVER_PINS):
        node, uf2 = find()
        options = {
            "uf2": str(uf2), "driver_pins": driver_pins, "flash": None if flash is None else os.fspath(flash),
            "usb": usb_port, "uarts": uart_ports, "pace": pace,
        }  # fmt: skip
        self.process = subprocess.Popen([node, HERE / "serve.mjs", json.dumps(options)], stdout=subprocess.PIPE)
        opened = self.process.stdout.readline()
        if not opened:
            raise OSError(f"the emulated board did not start: it ended with {self.process.wait()}")
        ports = json.loads(opened)
        self.usb_port, self.uart_ports = ports["usb"], ports["uarts"]
        self.url = f"socket://{HOST}:{self.usb_port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()
