"""What each type of command does, and who may ask for it. Loaded when a command comes.

An outcome is decided first, remembered on flash next, and takes effect last: a power cut between leaves a command that
is answered as carried out, and limits that are put in force again at the start.
"""

from drivers.ticks import ticks_diff
from firmware.command_memory import limits_with
from firmware.limits import MAX_EXPIRES_S

# Which authority may ask for what. A type that is not here is unknown.
RIGHTS = {
    "limit": ("operator", "grid"),
    "emergency_stop": ("operator", "grid", "service"),
    "time": ("operator", "grid", "service"),
    "dispatch": ("operator", "grid"),
    "tariff": ("operator",),
    "gun": ("operator", "service"),
    "v2g": ("operator",),
    "config": ("service",),
    "maintenance": ("service",),
}
_SUPPORTED = "limit, emergency_stop, time"
_MAX_ID = 64
_MOST_ASKED_MS = 20000  # between the question for the time and its answer
_LIMIT_FIELDS = ("circuit", "limit_w", "expires_s")


class Outcome:
    """result: "accepted" (in force from now on), "done" (over and done with) or "refused". effect: a function without
    arguments, or None. limits: what Memory.save is to keep, None when it does not change.
    """

    def __init__(self, result, code, args, effect=None, limits=None):
        self.result, self.code, self.args, self.effect, self.limits = result, code, args, effect, limits


def refusal(code, args) -> Outcome:
    return Outcome("refused", code, args)


def outcome(commands, who, command, common, now_ms) -> Outcome:
    """What becomes of a signed command in good time. common: the fields that every command may have."""
    kind = command["type"]
    if kind not in RIGHTS:
        return refusal("unknown_type", (shown(kind), ", ".join(sorted(RIGHTS))))
    if who not in RIGHTS[kind]:
        return refusal("no_right", (who, kind, ", ".join(RIGHTS[kind])))
    if kind == "limit":
        return limit(commands, command, common, who, command["issued"], now_ms)
    if kind == "emergency_stop":
        return Outcome("accepted", "stopped", (), lambda: commands.stop.press("command"))
    if kind == "time":
        return _time(commands, command, common, now_ms)
    return refusal("not_supported", (kind, _SUPPORTED))


def limit(commands, command, common, source, issued_s, now_ms) -> Outcome:
    """A limit on a circuit, or its withdrawal (`limit_w` null). issued_s: None for a command that nobody signed."""
    limits, now_s = commands.limits, commands.clock.now_s(now_ms)
    # Who is not known, and what cannot be dated, may only tighten.
    may_loosen = issued_s is not None and now_s is not None
    problem = _unknown_field(command, common + _LIMIT_FIELDS) or _limit_problem(command, may_loosen)
    if problem is not None:
        return refusal("bad_field", problem)
    circuit, limit_w, expires_s = command["circuit"], command["limit_w"], command.get("expires_s", 0)
    if circuit not in limits.circuits:
        return refusal("unknown_circuit", (shown(circuit), ", ".join(limits.circuits)))
    source_at, circuit_at = limits.sources.index(source), limits.circuits.index(circuit)
    if may_loosen and limit_w is not None:
        expires_s = issued_s + expires_s - now_s  # it was ordered from then on, however long the way was
        if expires_s < 1:
            return refusal("expired", (1 - expires_s,))
        expires_s = min(expires_s, MAX_EXPIRES_S)
    in_force_w = -1 if may_loosen else limits.limit_w(source_at, circuit_at, now_ms)
    if in_force_w < 0:
        in_force_w = limits.cap_w(circuit_at)
    if limit_w is not None and limit_w > in_force_w:
        return refusal("would_loosen", (in_force_w, limit_w))

    def effect():
        if may_loosen:
            limits.withdraw(source_at, circuit_at)
        if limit_w is not None:
            limits.tighten(source_at, circuit_at, limit_w, expires_s, now_ms)

    kept = None
    if issued_s is not None:
        kept = limits_with(commands, (source, circuit, limit_w, expires_s, may_loosen), now_ms)
    if limit_w is None:
        return Outcome("done", "limit_withdrawn", (circuit_at,), effect, kept)
    return Outcome("accepted", "limit_set", (circuit_at, limit_w, expires_s), effect, kept)


def _limit_problem(command, may_withdraw):
    if not isinstance(command.get("circuit"), str):
        return "circuit", shown(command.get("circuit")), "a circuit id"
    if may_withdraw and "limit_w" in command and command["limit_w"] is None:
        return None
    if not is_int_in(command.get("limit_w"), 0, 10_000_000):
        return "limit_w", shown(command.get("limit_w")), "0..10000000 W"
    if not is_int_in(command.get("expires_s"), 1, MAX_EXPIRES_S):
        return "expires_s", shown(command.get("expires_s")), "1..%d s" % MAX_EXPIRES_S
    return None


def _time(commands, command, common, now_ms):
    """`issued` is the time now: only as the answer to the question that the station has just asked, so that a message
    held back on its way cannot set the clock back."""
    clock = commands.clock
    problem = _unknown_field(command, common + ("asked",))
    if problem is not None:
        return refusal("bad_field", problem)
    passed_ms = ticks_diff(now_ms, clock.asked_ms)
    if not clock.asked or command.get("asked") != clock.asked or not 0 <= passed_ms <= _MOST_ASKED_MS:
        return refusal("not_asked", (shown(command.get("asked")), shown(clock.asked)))
    return Outcome("done", "time_set", (), lambda: _set_time(clock, command["issued"], passed_ms, now_ms))


def _set_time(clock, unix_s, passed_ms, now_ms):
    clock.set(unix_s, "platform", passed_ms + 1000, now_ms)
    clock.asked = ""


def _unknown_field(command, known):
    for field in command:
        if field not in known:
            return "name", shown(field), ", ".join(known)
    return None


def _is_printable(text: str) -> bool:
    for char in text:
        if not " " <= char <= "~":
            return False
    return True


def is_proper_id(value) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= _MAX_ID and _is_printable(value)


def is_int_in(value, least: int, most: int) -> bool:
    """A whole number in range; True and False are no numbers here, though Python counts them as 1 and 0."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def shown(value) -> str:
    """What was found, short and printable: an answer must not carry a hostile message onwards."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        text = '"%s"' % value[:24]
        return text if _is_printable(text) else "unprintable text"
    text = str(value)
    return text if len(text) <= 24 else text[:24] + "..."
