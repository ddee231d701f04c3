"""A screen that follows something: refreshed in a terminal, printed once, at the end, anywhere else."""

import time

from rich.console import Console
from rich.live import Live

REFRESH_S = 0.25


def wide_console(columns: int) -> Console:
    """The terminal; where there is none, a console of at least so many columns."""
    console = Console()
    return console if console.is_terminal else Console(width=max(columns, console.width))


def follow(screen, console: Console, seconds: float | None, stop) -> None:
    """screen(): what to show now. Until `stop` (a threading.Event) is set or `seconds` are over."""
    end_s = None if seconds is None else time.monotonic() + seconds

    def wait() -> bool:
        left_s = REFRESH_S if end_s is None else min(REFRESH_S, end_s - time.monotonic())
        return left_s > 0 and not stop.wait(left_s)

    if console.is_terminal:
        with Live(screen(), console=console, screen=True, auto_refresh=False) as live:
            while wait():
                live.update(screen(), refresh=True)
    else:
        while wait():
            pass
    console.print(screen())
