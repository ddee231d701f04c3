"""Checks a value against the rows of config_schema: types, ranges, choices, missing and unknown keys; fills defaults.

It knows nothing of stations; what the keys mean to each other is checked in config_rules.
"""

from firmware.config_schema import OPTIONAL, REQUIRED
from firmware.config_texts import MISSING, Problem

_NAME_EXTRA = "._-"


def check(value, rows, path, problems):
    """Appends a Problem for everything in the object `value` that its rows do not permit; goes on after each."""
    if not isinstance(value, dict):
        problems.append(Problem(path or "(file)", "type_object", value))
        return
    keys = [row[0] for row in rows]
    for key in value:
        if key not in keys and "*" not in keys:
            _unknown(key, keys, path, problems)
    for key, kind, default, permitted, unit in rows:
        where = path + "." + key if path else key
        if key in value:
            _CHECKS[kind](value[key], permitted, unit, where, problems)
        elif default is REQUIRED:
            problems.append(Problem(where, "missing", MISSING, _describe(kind, permitted, unit)))


def fill(value, rows):
    """Puts in the default of every key that is absent. `value` has passed check()."""
    for key, kind, default, permitted, _ in rows:
        if key not in value:
            if default is REQUIRED or default is OPTIONAL:
                continue
            value[key] = {} if kind == "object" else default
        if kind == "object":
            fill(value[key], permitted)
        elif kind == "list":
            for entry in value[key]:
                fill(entry, permitted[0](entry) if callable(permitted[0]) else permitted[0])


def is_int(value):
    """An integer, and not a bool (which CPython counts as one)."""
    return isinstance(value, int) and not isinstance(value, bool)


def _unknown(key, keys, path, problems):
    near = _nearest(key, keys)
    where = path + "." + key if path else key
    code = "unknown_key_near" if near else "unknown_key"
    problems.append(Problem(where, code, key, ", ".join(keys), near))


def _int(value, permitted, unit, path, problems):
    low, high = permitted
    if not is_int(value):
        problems.append(Problem(path, "type_int", value, low, high, _spaced(unit)))
    elif not low <= value <= high:
        problems.append(Problem(path, "range", value, low, high, _spaced(unit)))


def _int_null(value, permitted, unit, path, problems):
    if value is not None and not is_int(value):
        problems.append(Problem(path, "type_int_null", value, permitted[0], permitted[1], _spaced(unit)))
    elif value is not None:
        _int(value, permitted, unit, path, problems)


def _bool(value, permitted, unit, path, problems):
    if not isinstance(value, bool):
        problems.append(Problem(path, "type_bool", value))


def _text(value, permitted, unit, path, problems):
    low, high = permitted
    if not isinstance(value, str):
        problems.append(Problem(path, "type_text", value, low, high))
    elif not low <= len(value) <= high:
        problems.append(Problem(path, "length", value, low, high))


def _name(value, permitted, unit, path, problems):
    if not isinstance(value, str):
        problems.append(Problem(path, "type_text", value, 1, 32))
    elif not is_name(value):
        problems.append(Problem(path, "name", value))


def _name_null(value, permitted, unit, path, problems):
    if value is not None:
        _name(value, permitted, unit, path, problems)


def _profile(value, permitted, unit, path, problems):
    if isinstance(value, str) and value.startswith("custom:"):
        value = value[len("custom:"):]  # the name of a file in profiles/
    _name(value, permitted, unit, path, problems)


def is_name(text):
    """Ids become parts of MQTT topics and of paths, so they hold nothing that means something there."""
    if not 1 <= len(text) <= 32:
        return False
    for letter in text:
        if not ("a" <= letter <= "z" or "A" <= letter <= "Z" or "0" <= letter <= "9" or letter in _NAME_EXTRA):
            return False
    return True


def _host(value, permitted, unit, path, problems):
    if not isinstance(value, str) or len(value) > 253 or not all([is_name(part) for part in value.split(".")]):
        problems.append(Problem(path, "host", value))


def _any(value, permitted, unit, path, problems):
    """Rows that end with "*" take every key as it is."""


def _choice(value, permitted, unit, path, problems):
    # True == 1 in Python; in a station file it is not.
    if not (isinstance(value, str) or is_int(value)) or value not in permitted:
        problems.append(Problem(path, "choice", value, _join(permitted)))


def _object(value, permitted, unit, path, problems):
    check(value, permitted, path, problems)


def _list(value, permitted, unit, path, problems):
    rows, low, high = permitted
    if not isinstance(value, list):
        problems.append(Problem(path, "type_list", value))
        return
    if not low <= len(value) <= high:
        problems.append(Problem(path, "count", value, low, high))
    for index, entry in enumerate(value[:high]):
        where = "{}[{}]".format(path, index)
        if callable(rows) and isinstance(entry, dict):
            check(entry, rows(entry), where, problems)
        else:
            check(entry, () if callable(rows) else rows, where, problems)


_CHECKS = {
    "int": _int, "int_null": _int_null, "bool": _bool, "text": _text, "name": _name, "name_null": _name_null,
    "profile": _profile, "host": _host, "choice": _choice, "object": _object, "list": _list, "any": _any,
}


def _describe(kind, permitted, unit):
    """What a missing key may be, in symbols that need no language."""
    if kind in ("int", "int_null"):
        return "{}..{}{}{}".format(permitted[0], permitted[1], _spaced(unit), " | null" if kind == "int_null" else "")
    if kind == "choice":
        return _join(permitted)
    return {"object": "{...}", "list": "[...]", "bool": "true | false", "name_null": '"..." | null'}.get(kind, '"..."')


def _join(values):
    return ", ".join([str(value) for value in values])


def _spaced(unit):
    return " " + unit if unit else ""


def _nearest(key, keys):
    """The known key within two changes of letters (a third of its length for short ones), or None."""
    best, best_distance = None, 3
    for known in keys:
        distance = _distance(key, known)
        if distance < best_distance and distance * 3 <= len(known) + 1:
            best, best_distance = known, distance
    return best


def _distance(left, right):
    """Letters to insert, delete or replace to turn one word into the other (Levenshtein)."""
    if len(left) > 40 or abs(len(left) - len(right)) > 2:
        return 99
    above = list(range(len(right) + 1))
    for row, letter in enumerate(left):
        line = [row + 1]
        for column, other in enumerate(right):
            line.append(min(above[column] + (letter != other), above[column + 1] + 1, line[column] + 1))
        above = line
    return above[-1]
