"""How long to wait before the next connection: doubling, bounded, and not in step with the other stations."""

import random


class Backoff:
    """Pauses from `first_ms` doubling up to `last_ms`, each taken at random from its upper half.

    When a broker restarts, every station of the fleet has lost it in the same second; the jitter keeps them from coming
    back in the same second too.
    """

    def __init__(self, first_ms: int = 1000, last_ms: int = 30_000):
        self._first_ms = first_ms
        self._last_ms = last_ms
        self._pause_ms = first_ms

    def reset(self) -> None:
        """The connection has proved itself: begin with the shortest pause again."""
        self._pause_ms = self._first_ms

    def next_ms(self) -> int:
        """The pause to make now, in ms."""
        pause_ms = self._pause_ms
        self._pause_ms = min(2 * pause_ms, self._last_ms)
        half_ms = pause_ms // 2
        return pause_ms - half_ms + random.getrandbits(16) * (half_ms + 1) // 65536
