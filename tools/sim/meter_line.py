"""A simulated RS-485 line with DL/T 645 meters: the byte times and the faults of a serial line, other frames."""

from tools.sim.devices.dlt645_meter import parsed
from tools.sim.serial_line import GRACE_S, SerialLine

ANSWER_S = 0.02  # a meter may take 20 to 500 ms


class MeterLine(SerialLine):
    """meters: {unit: tools.sim.devices.dlt645_meter.Dlt645Meter}; nothing listens at `device_port`."""

    def __init__(self, meters, baud=2400, parity="E", stop_bits=1, seed=1):
        super().__init__(set(meters), baud, parity, stop_bits, seed)
        self.meters = meters

    def _request_over(self, waited_s):
        request = parsed(self._request)
        if request is None and waited_s < GRACE_S:
            self._wait_for_silence(max(GRACE_S, 2 * waited_s))
            return
        self._silence, self._request = None, b""
        if request is None or self.hit():
            self.discarded += 1
            return
        address, control, data = request
        answers = []
        for unit, meter in self.meters.items():
            if meter.answers_to(address):
                self.record(unit, control, int.from_bytes(data[:4], "little"), 1, seen_s=self._asked_s)
                answer = None if unit in self.silent else meter.answer(control, data)
                if answer is not None and unit not in self.mute:
                    answers.append((unit, answer))
        self.collisions += len(answers) > 1  # all that have the wildcard speak at once
        for unit, answer in answers:
            start_s = max(self._loop.time() + ANSWER_S + self.delay_ms.get(unit, 0) / 1000.0, self._free_at_s)
            self._free_at_s = start_s + len(answer) * self.character_s
            self._later(self._free_at_s, self._write, self._controller_fd, self._damage(answer))
