"""What must be remembered of signed commands over a restart: the last counter of each authority, the last answers, and
the limits in force. It is written before a command takes effect. Loaded when a command comes.
"""

import json

from firmware.state import State

KEPT = 8  # answers; a broker sends again what was not acknowledged, so the newest are asked for
_DEFAULTS = {"operator": 0, "grid": 0, "service": 0, "answers": "[]", "limits": "[]"}


class Memory:
    """The file of the commands. `problem`: as in State; a file that cannot be read counts as an empty one."""

    def __init__(self, path: str):
        self._state = State(path, _DEFAULTS)
        self.problem = self._state.load()
        self._answers = self._list("answers")

    def counter(self, authority: str) -> int:
        """The highest counter seen of this authority, 0 for none."""
        return self._state.values[authority]

    def answer(self, authority: str, counter: int):
        """[authority, counter, id, fingerprint, [result, code], arguments] of a command, or None."""
        for each in self._answers:
            if each[0] == authority and each[1] == counter:
                return each
        return None

    def save(self, answer: list, limits: list | None) -> None:
        """Remember one more answer and, when they change, the limits in force. Raises OSError when flash refuses."""
        self._answers = self._answers[-KEPT + 1 :] + [answer]
        self._state.values[answer[0]] = answer[1]
        self._state.values["answers"] = json.dumps(self._answers)
        if limits is not None:
            self._state.values["limits"] = json.dumps(limits)
        self._state.save()

    def limits(self) -> list:
        """[[source, circuit, limit in W, s left when it was saved, unix s of its end or 0], ...]"""
        return [each for each in self._list("limits") if isinstance(each, list) and len(each) == 5]

    def _list(self, key):
        try:
            found = json.loads(self._state.values[key])
        except ValueError:
            return []
        return found if isinstance(found, list) else []


def limits_with(commands, new, now_ms: int) -> list:
    """The signed limits in force as Memory keeps them. new: (source, circuit, limit_w or None, s, whether it replaces
    what this source has set on this circuit)."""
    now_s = commands.clock.now_s(now_ms)
    kept = []
    for each in commands.limits.items(now_ms):
        source, circuit = each["source"], each["circuit"]
        if source != commands.limits.sources[0] and not (new[4] and (source, circuit) == (new[0], new[1])):
            kept.append(_entry(source, circuit, each["w"], each["expires_s"], now_s))
    if new[2] is not None:
        kept.append(_entry(new[0], new[1], new[2], new[3], now_s))
    return kept


def _entry(source, circuit, limit_w, left_s, now_s):
    return [source, circuit, limit_w, left_s, 0 if now_s is None else now_s + left_s]


def restore(commands, now_ms: int) -> None:
    """Limits that were in force before a restart, as long as they last. Nobody knows how long the restart took while
    the clock is not known: then they last as long as when they were saved.
    """
    limits, now_s = commands.limits, commands.clock.now_s(now_ms)
    # The loosest first: a tighter one never ends a looser one.
    for source, circuit, limit_w, left_s, until_s in sorted(Memory(commands.path).limits(), key=_looseness):
        if source in limits.sources and circuit in limits.circuits:
            if until_s and now_s is not None:
                left_s = min(left_s, until_s - now_s)
            at, circuit_at = limits.sources.index(source), limits.circuits.index(circuit)
            if left_s > 0:
                limit_w = min(limit_w, limits.cap_w(circuit_at))  # the contract may have changed
                limits.tighten(at, circuit_at, limit_w, left_s, now_ms)


def _looseness(entry):
    return -entry[2]
