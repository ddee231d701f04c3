"""Power that goes in the middle of a write to flash."""

from tools.board.repl import Repl


def cut_during(board, volume, cut, program, ms):
    """Runs a program on a board with this volume until power goes, in the middle of its flash operation number `cut`.
    ms: within which it must come."""
    board.power_off()
    board.load(volume)
    board.power_on()
    repl = Repl(board)
    repl.interrupt()
    board.cut(cut)
    repl.start(program)
    board.run_until(lambda: not board.is_on, ms)
    assert not board.is_on, f"operation {cut} never came"
