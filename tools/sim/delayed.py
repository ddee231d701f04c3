"""A setpoint between the wire and the copper."""


class Delayed:
    """A setpoint that acts some time after it was accepted."""

    def __init__(self, value, delay_s):
        self.value = value  # newest accepted
        self.acting = value
        self.delay_s = delay_s
        self._queue = []  # (acts at, value)

    def accept(self, value, now_s):
        self.value = value
        self._queue.append((now_s + self.delay_s, value))

    def advance(self, now_s):
        while self._queue and self._queue[0][0] <= now_s + 1e-9:
            self.acting = self._queue.pop(0)[1]

    def force(self, value):
        self._queue.clear()
        self.value = self.acting = value

    def largest(self):
        return max([self.acting] + [value for _, value in self._queue])
