"""Whether a command may be carried out: signature, form, station, authority, time and counter. Loaded when one comes.

The order matters. Nothing is parsed before the signature is known to be right, and nothing is remembered of a message
that nobody has signed, so a stranger can neither use up memory or flash nor learn more than that he was refused.
"""

import json

from firmware import command_types, signing
from firmware.command_memory import KEPT, Memory
from firmware.command_types import is_int_in, is_proper_id, refusal, shown
from firmware.commands import MAX_BYTES
from firmware.texts import fill, pair

_MOST_BRACKETS = 8  # opening ones; no command needs more, and a parser of a board pays for each level
_FUTURE_S = 60  # the sender's clock may be ahead by this much
_COMMON = ("id", "type", "station", "authority", "issued", "expires", "counter", "mac")
_MOST_COUNTER = (1 << 53) - 1  # JSON numbers are doubles to many


def answer(commands, topic, message, now_ms) -> dict:
    """The answer to one message; see Commands.handle."""
    if message is None or len(message) > MAX_BYTES:
        found = len(message) if message else "> %d" % MAX_BYTES
        return _told(commands, "", "refused", "too_large", (found, MAX_BYTES))
    who = signing.signer(commands.keys, topic, message)
    if who == signing.WRONG and commands.keys:
        return _told(commands, "", "refused", "bad_mac", ())
    if who in (signing.UNSIGNED, signing.WRONG) and not commands.unsigned:
        return _told(commands, "", "refused", "unsigned", ())
    command = _parsed(message)
    if command is None:
        return _told(commands, "", "refused", "bad_json", ())
    if who in (signing.UNSIGNED, signing.WRONG):
        return _unsigned(commands, command, message, now_ms)
    return _signed(commands, who, command, message, now_ms)


def refused(commands, code) -> dict:
    """The refusal of a message that was not read."""
    return _told(commands, "", "refused", code, ())


def _parsed(message):
    if message.count(b"{") + message.count(b"[") > _MOST_BRACKETS:
        return None
    try:
        command = json.loads(str(message, "utf-8"))
    except (ValueError, MemoryError):
        return None
    return command if isinstance(command, dict) else None


def _unsigned(commands, command, message, now_ms):
    command_id = command.get("id")
    proper = is_proper_id(command_id)
    kind = command.get("type")
    if kind == "emergency_stop":
        # Stopping is always safe, so neither a missing id nor one that was used before stands in its way.
        commands.stop.press("command")
        return _told(commands, command_id if proper else "", "accepted", "stopped", ())
    if not proper:
        return _told(commands, "", "refused", "bad_id", ())
    if kind != "limit":
        return _told(commands, command_id, "refused", "not_supported", (shown(kind), "limit, emergency_stop"))
    print_of = signing.fingerprint(message)
    for each in commands.remembered:
        if each[0] == command_id:
            if each[1] != print_of:
                return _told(commands, command_id, "refused", "id_reused", ())
            return _again(commands, command_id, each[2], each[3])
    from firmware.command_limit import limit

    outcome = limit(commands, command, ("id", "type"), commands.limits.sources[0], None, now_ms)
    if outcome.effect is not None:
        outcome.effect()
    if len(commands.remembered) >= KEPT:
        commands.remembered.pop(0)
    commands.remembered.append((command_id, print_of, (outcome.result, outcome.code), outcome.args))
    return _told(commands, command_id, outcome.result, outcome.code, outcome.args)


def _signed(commands, who, command, message, now_ms):
    command_id = command.get("id")
    if not is_proper_id(command_id):
        return _told(commands, "", "refused", "bad_id", ())
    problem = _form(command)
    if problem is not None:
        return _told(commands, command_id, "refused", "bad_field", problem)
    if command["station"] != commands.station_id:
        return _told(commands, command_id, "refused", "wrong_station", (shown(command["station"]), commands.station_id))
    if command["authority"] != who:
        return _told(commands, command_id, "refused", "bad_mac", ())
    memory = Memory(commands.path)
    counter, print_of = command["counter"], signing.fingerprint(message)
    before = memory.answer(who, counter)
    if before is not None and before[3] == print_of:
        return _again(commands, command_id, before[4], before[5])
    if counter <= memory.counter(who):
        return _told(commands, command_id, "refused", "replayed", (counter, memory.counter(who)))
    outcome = _timely(commands, command, now_ms) or command_types.outcome(commands, who, command, _COMMON, now_ms)
    known = [who, counter, command_id, print_of, (outcome.result, outcome.code), outcome.args]
    try:
        memory.save(known, outcome.kept)
    except (OSError, ValueError):
        # What could come a second time must not happen a first time, stopping excepted.
        if outcome.code != "stopped":
            return _told(commands, command_id, "refused", "not_saved", ())
    if outcome.effect is not None:
        outcome.effect()
    return _told(commands, command_id, outcome.result, outcome.code, outcome.args)


def _form(command):
    """What is wrong with the fields that every signed command has: (field, found, allowed), or None."""
    for field in ("type", "station", "authority"):
        if not isinstance(command.get(field), str):
            return field, shown(command.get(field)), "text"
    for field in ("issued", "expires"):
        if not is_int_in(command.get(field), 0, (1 << 40)):
            return field, shown(command.get(field)), "unix s"
    if command["expires"] <= command["issued"]:
        return "expires", shown(command["expires"]), "> issued"
    if not is_int_in(command.get("counter"), 1, _MOST_COUNTER):
        return "counter", shown(command.get("counter")), "1..2^53-1"
    return None


def _timely(commands, command, now_ms):
    """The refusal of a command that comes too late or too early by the station's clock, or None. Without a clock only
    what cannot do harm goes on."""
    now_s = commands.clock.now_s(now_ms)
    if now_s is None or command["type"] == "time":
        return None
    if now_s >= command["expires"]:
        return refusal("expired", (now_s - command["expires"],))
    if command["issued"] > now_s + _FUTURE_S and command["type"] != "emergency_stop":
        return refusal("future", (command["issued"] - now_s,))
    return None


def _again(commands, command_id, verdict, args):
    """A command that came before is answered as before."""
    commands.repeated += 1
    return _words(commands, command_id, verdict[0], verdict[1], args)


def _told(commands, command_id, result, code, args):
    commands.count(result, code)
    return _words(commands, command_id, result, code, args)


def _words(commands, command_id, result, code, args):
    zh, en = pair("ack." + code)
    circuits = commands.limits.circuits
    return {
        "id": command_id,
        "result": result,
        "code": code,
        "zh": fill(zh, args, circuits),
        "en": fill(en, args, circuits),
    }
