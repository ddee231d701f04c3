"""The sentences of the station in Chinese and English: why a gun has what it has, what is wrong, what a command became.

ONE table, `firmware/texts.tsv`: key, Chinese, English, with a tab between them. It stays on flash, since a board has no
RAM for it: a text is looked up when it is needed, and the last few are kept. A key is a kind and a code
(`reason.deaf`); `control.reasons` gives the reasons their integers. A sentence may hold positional numbers, written
`{n:kind}`:

    {0:kw}   a power in W, shown in kW with one decimal
    {0:s}    a duration in ms, shown in s with one decimal
    {0:pct}  permille, shown in % with one decimal
    {0:n}    a number as it is
    {0:c}    an index into the circuits of the station file, shown as the circuit's id
    {0:t}    a short text as it is

A number that is not known (None, or not given) is shown as `?`: a text never raises.
"""

from drivers.ticks import const

_FILE = __file__[: __file__.rfind("/") + 1] + "texts.tsv"
_PIECE = const(320)  # bytes read at once: a line and the key after it are never longer
_KEPT = const(6)  # a telemetry message rarely has more different reasons
_keys = []
_pairs = []


def pair(key: str) -> tuple:
    """(zh, en) of a key, `alarm.gun_deaf`. Raises KeyError for one that has no text."""
    if key in _keys:
        return _pairs[_keys.index(key)]
    zh, en = _found(key).split("\t")
    if len(_keys) >= _KEPT:
        _keys.pop(0)
        _pairs.pop(0)
    _keys.append(key)
    _pairs.append((zh, en))
    return _pairs[-1]


def codes(kind: str) -> list:
    """The codes of one kind ("reason", "alarm", "ack"), in the order of the table."""
    start = kind + "."
    with open(_FILE, encoding="utf-8") as file:
        return [line[len(start) : line.find("\t")] for line in file if line.startswith(start)]


def _found(key):
    """What stands behind a key, searched by halves: the file is sorted. Reading all of it takes a board far longer."""
    wanted = ("%s\t" % key).encode()
    with open(_FILE, "rb") as file:
        low, high = 0, file.seek(0, 2)
        while high - low > 2 * _PIECE:
            middle = (low + high) // 2
            file.seek(middle)
            piece = file.read(_PIECE)
            at = piece.find(b"\n") + 1
            if piece[at : at + len(wanted)] <= wanted:
                low = middle + at
            else:
                high = middle + at
        file.seek(low)
        lines = b"\n" + file.read(high - low + _PIECE)
    at = lines.find(b"\n" + wanted)
    if at < 0:
        raise KeyError(key)
    return lines[at + 1 + len(wanted) : lines.find(b"\n", at + 1)].decode()


def _decimal(value: int, unit: str) -> str:
    """Thousandths as a decimal with one digit, rounded half away from zero: 1250 -> 1.3."""
    tenths = (abs(value) + 50) // 100
    sign = "-" if value < 0 and tenths else ""
    return "%s%d.%d %s" % (sign, tenths // 10, tenths % 10, unit)


def _shown(kind: str, value: int | None, circuits: list) -> str:
    if kind == "c":
        return circuits[value] if value is not None and 0 <= value < len(circuits) else "?"
    if kind in "nt":
        return "?" if value is None else str(value)
    unit = {"kw": "kW", "s": "s", "pct": "%"}[kind]
    if value is None:
        return "? " + unit
    return _decimal(value * 100 if kind == "pct" else value, unit)


def fill(template: str, args: tuple | list, circuits: list) -> str:
    """`template` with its numbers put in. `circuits` are the circuit ids of the station file, in its order."""
    text = ""
    at = 0
    while True:
        begin = template.find("{", at)
        if begin < 0:
            return text + template[at:]
        end = template.find("}", begin)
        index = int(template[begin + 1])
        value = args[index] if index < len(args) else None
        text += template[at:begin] + _shown(template[begin + 3 : end], value, circuits)
        at = end + 1


def reason(code: str, args: tuple | list, circuits: list) -> dict:
    """The reason as it goes into telemetry: {"code", "zh", "en"}. Raises KeyError for a code that has no text."""
    zh, en = pair("reason." + code)
    return {"code": code, "zh": fill(zh, args, circuits), "en": fill(en, args, circuits)}
