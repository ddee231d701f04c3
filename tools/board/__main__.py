"""`make board`: an emulated Pico W whose USB serial port and UARTs are TCP ports of this machine, until Ctrl-C."""

import argparse
import sys

from tools.board.parts import FOLDER, Missing
from tools.board.served import HOST, ServedBoard


def main():
    parser = argparse.ArgumentParser(prog="python -m tools.board", description=__doc__)
    parser.add_argument("--usb", type=int, default=7000, help="TCP port of the USB serial port (0: any)")
    parser.add_argument("--uart0", type=int, default=7001, help="TCP port of UART0")
    parser.add_argument("--uart1", type=int, default=7002, help="TCP port of UART1")
    parser.add_argument("--flash", default=str(FOLDER / "flash.img"), help="file that keeps the flash chip's content")
    parser.add_argument("--pace", choices=("real", "max"), default="real")
    options = parser.parse_args()
    try:
        board = ServedBoard(options.flash, options.usb, (options.uart0, options.uart1), options.pace)
    except (Missing, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    with board:
        uart0, uart1 = board.uart_ports
        print(f"仿真 Pico W / emulated Pico W:  mpremote connect {board.url}")
        print(f"UART0 {HOST}:{uart0}  UART1 {HOST}:{uart1}  flash {options.flash}", flush=True)
        try:
            return board.process.wait()
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())
