"""What must be remembered of signed commands over a restart: the last counter of each authority, the last answers, and
what they have put in force. It is written before a command takes effect. Loaded when a command comes.
"""

import json

from firmware.state import State

UNSIGNED = "mqtt"  # the source of limits that nobody signed (firmware/keys.py)
KEPT = 8  # answers; a broker sends again what was not acknowledged, so the newest are asked for
_DEFAULTS = {"operator": 0, "grid": 0, "service": 0, "answers": ""}  # a line of JSON for each answer
# In force: limits on circuits, limits on guns ([source, id, limit in W, s left when it was saved, unix s of its end or
# 0], ...); guns out of service ([id, ...]); power of the storage ([source, W, s, unix s]); settings ({name: value}).
_DEFAULTS.update({"limits": "[]", "guns": "[]", "out": "[]", "dispatch": "[]", "settings": "{}"})


class Memory:
    """The file of the commands. `problem`: as in State; a file that cannot be read counts as an empty one."""

    def __init__(self, path: str):
        self._state = State(path, _DEFAULTS)
        self.problem = self._state.load()

    def counter(self, authority: str) -> int:
        """The highest counter seen of this authority, 0 for none."""
        return self._state.values[authority]

    def answer(self, authority: str, counter: int):
        """[authority, counter, id, fingerprint, [result, code], arguments] of a command, or None."""
        begin = json.dumps([authority, counter])[:-1] + ","
        for line in self._state.values["answers"].split("\n"):
            if line.startswith(begin):
                return json.loads(line)
        return None

    def save(self, answer: list, kept: dict | None) -> None:
        """Remember one more answer and, where it changes, what is in force. Raises OSError when flash refuses, and
        ValueError when it is more than a state file holds."""
        values = self._state.values
        values["answers"] = "\n".join(values["answers"].split("\n")[-KEPT + 1 :] + [json.dumps(answer)])
        values[answer[0]] = answer[1]
        for name in kept or ():
            values[name] = json.dumps(kept[name])
        self._state.save()

    def limits(self, name: str) -> list:
        """The entries of "limits" or "guns"."""
        return [each for each in self._list(name) if isinstance(each, list) and len(each) == 5]

    def out(self) -> list:
        return self._list("out")

    def dispatch(self) -> list:
        """[source, W, s left when it was saved, unix s of its end], or an empty list."""
        found = self._list("dispatch")
        return found if len(found) == 4 else []

    def setting(self, name: str):
        found = self._read("settings", dict)
        return found.get(name)

    def _list(self, key):
        return self._read(key, list)

    def _read(self, key, kind):
        try:
            found = json.loads(self._state.values[key])
        except ValueError:
            return kind()
        return found if isinstance(found, kind) else kind()


def limits_with(limits, clock, new, now_ms: int) -> list:
    """The signed limits in force as Memory keeps them. limits: LimitsInForce. new: (source, circuit, limit_w or None,
    s, whether it replaces what this source has set on this circuit)."""
    now_s = clock.now_s(now_ms)
    kept = []
    for each in limits.items(now_ms):
        source, circuit = each["source"], each[limits.kind]
        if source != UNSIGNED and not (new[4] and (source, circuit) == (new[0], new[1])):
            kept.append(_entry(source, circuit, each["w"], each["expires_s"], now_s))
    if new[2] is not None:
        kept.append(_entry(new[0], new[1], new[2], new[3], now_s))
    return kept


def _entry(source, circuit, limit_w, left_s, now_s):
    return [source, circuit, limit_w, left_s, 0 if now_s is None else now_s + left_s]


def orders_of(commands):
    """What is ordered beside limits on circuits: Orders, made when they are asked for the first time."""
    limits = commands.limits
    if limits.orders is None:
        from firmware.orders import Orders

        limits.orders = Orders(commands.running.station)
    return limits.orders
