"""The check of a custom profile's file: shape by the rows of config_custom_schema, then what its parts mean to each
other. Loaded only for a station that names one.
"""

from firmware import config_custom_schema as schema
from firmware import config_shape
from firmware.config_custom_texts import TEXTS as CUSTOM_TEXTS
from firmware.config_shape import is_int
from firmware.config_texts import MISSING, TEXTS, Problem

TEXTS.update(CUSTOM_TEXTS)
# Parameters that the station file must give for every device of the role.
_GIVEN = {"pv": ("rated_w",), "pcs": ("rated_w", "watchdog_s"), "gun": ("min_w", "max_w", "fallback_w", "watchdog_s")}


def check(data, path, problems):
    """Appends a Problem for everything wrong with `data`, the JSON value of a file; path: its name, with which every
    place begins."""
    shape = []
    config_shape.check(data, schema.PROFILE, "", shape)
    for problem in shape:
        problem.path = path + ": " + problem.path
    problems += shape
    if shape:  # what the parts mean to each other can only be judged when each has its shape
        return
    found = []
    role = data["role"]
    _lists(data, found)
    if not found:
        given = _GIVEN.get(role, ()) + tuple(data.get("needs", ()))
        for index, point in enumerate(data["points"]):
            _point("points[%d]" % index, point, data, given, found)
        for index, output in enumerate(data.get("outputs", ())):
            _output("outputs[%d]" % index, output, role, given, found)
        for index, arm in enumerate(data.get("arms", ())):
            _content("arms[%d].value" % index, arm["value"], schema.PARAMETERS, 0xFFFF, found)
        _names(data, role, found)
        _overlaps(data["points"], found)
        _reads(data, found)
        _read_only(data, found)
        _models(data, found)
        readings = [point["name"] for point in data["points"]]
        if "start" in data and data["start"]["reading"] not in readings:
            found.append(Problem("start.reading", "choice", data["start"]["reading"], ", ".join(readings)))
    for problem in found:
        problem.path = path + ": " + problem.path
    problems += found


def _form(path, found, zh, en, problems):
    problems.append(Problem(path, "form", found, zh, en))


def _lists(data, problems):
    """Keys of the file itself whose values the rows cannot describe."""
    for key, permitted in (("needs", schema.PARAMETERS), ("extra", "A-Z a-z 0-9 . _ -"), ("models", "1..65534")):
        value = data.get(key, [])
        if not isinstance(value, list) or not all([_is_entry(each, permitted) for each in value]):
            what = ", ".join(permitted) if isinstance(permitted, tuple) else permitted
            _form(key, value, "列表，元素为：" + what, "a list of: " + what, problems)
    watchdog = data["watchdog_s"]
    is_range = isinstance(watchdog, list) and len(watchdog) == 2 and all([is_int(each) for each in watchdog])
    if watchdog is not None and not (is_range and 1 <= watchdog[0] <= watchdog[1] <= 3600):
        _form("watchdog_s", watchdog, "null 或 [最短, 最长]，1 到 3600 s", "null or [shortest, longest], 1 to 3600 s",
              problems)


def _is_entry(value, permitted):
    if permitted == "1..65534":
        return is_int(value) and 1 <= value <= 65534
    if isinstance(permitted, tuple):
        return value in permitted
    return isinstance(value, str) and config_shape.is_name(value)


def _point(path, point, data, given, problems):
    most = schema.MAX_COUNTER if point["name"].endswith("_wh") else schema.MAX_VALUE
    if (point["type"] == "bit") != (point["function"] < 3):
        _form(path + ".type", point["type"], "功能码 1、2 用 bit，3、4 用其他类型",
              "bit with function 1 or 2, others with 3 or 4", problems)
    if point.get("num") == 0:
        _form(path + ".num", 0, "非 0", "not 0", problems)
    for key in ("low", "high", "jump"):
        if key in point:
            _limit(path + "." + key, point[key], 0 if key == "jump" else -most, most, given, problems)
    low, high = point.get("low", 0), point.get("high", most)
    if is_int(low) and is_int(high) and low > high:
        problems.append(Problem(path + ".low", "not_above", low, "high", high))
    _integers(path + ".absent", point.get("absent", []), problems)
    times = point.get("times", [])
    if not isinstance(times, list) or not all([each in ("ct_ratio", "pt_ratio") for each in times]):
        _form(path + ".times", times, "列表：ct_ratio, pt_ratio", "a list of ct_ratio, pt_ratio", problems)
    if "meaning" in point:
        _table(path + ".meaning", point["meaning"], 0, schema.MAX_VALUE, problems)
    if point["function"] < 3 or point["type"] in ("f32", "f32_lw"):
        for key in ("scale", "product", "meaning", "mask", "absent", "offset"):
            if key in point and not (point["function"] < 3 and key == "meaning"):
                _form(path + "." + key, point[key], "浮点数和 bit 没有此键", "floats and bits do not have this key",
                      problems)
    first, end = _span(point)
    if end > 65536:
        problems.append(Problem(path + ".register", "address_end", point["register"], end - point["register"]))
    limit = data.get("max_bits", 512) if point["function"] < 3 else data.get("max_read", 120)
    if end - first > limit:
        problems.append(Problem(path, "read_too_long", end - first, limit))


def _limit(path, value, low, high, given, problems):
    """An integer, or a share of a device parameter that the station file gives."""
    if isinstance(value, dict):
        if sorted(value) == ["parameter", "permille"] and is_int(value["permille"]) and abs(value["permille"]) <= 10000:
            if value["parameter"] not in given:
                _form(path + ".parameter", value["parameter"], "角色或 needs 中的参数：" + ", ".join(given),
                      "a parameter of the role or of needs: " + ", ".join(given), problems)
            return
    elif is_int(value) and low <= value <= high:
        return
    text = '%d..%d | {"parameter": "max_w", "permille": -10000..10000}' % (low, high)
    _form(path, value, text, text, problems)


def _integers(path, values, problems):
    if not isinstance(values, list) or not all([is_int(each) for each in values]):
        _form(path, values, "整数列表", "a list of integers", problems)


def _table(path, table, low, high, problems):
    """{"number": number}."""
    good = isinstance(table, dict) and len(table) > 0
    for key, value in table.items() if good else ():
        digits = key[1:] if key[:1] == "-" else key
        good = good and digits.isdigit() and len(digits) < 11 and is_int(value) and low <= value <= high
    if not good:
        text = '{"0": %d..%d, ...}' % (low, high)
        _form(path, table, text, text, problems)


def _content(path, value, words, most, problems):
    if not (value in words if isinstance(value, str) else is_int(value) and -most // 2 <= value <= most):
        text = "%d..%d | %s" % (-most // 2, most, ", ".join(words))
        _form(path, value, text, text, problems)


def _output(path, output, role, given, problems):
    for key, default in (("low", 0), ("high", None)):
        _limit(path + "." + key, output.get(key, default), -schema.MAX_VALUE, schema.MAX_VALUE, given, problems)
    _write(path, output["function"], output, problems)
    if output["function"] == 5 and output.get("read_function", 3):
        _form(path + ".read_function", output.get("read_function", 3), "功能码 5 时为 0", "0 with function 5", problems)
    if "codes" in output:
        _table(path + ".codes", output["codes"], -0x8000, 0xFFFF, problems)
        if isinstance(output["codes"], dict) and "0" not in output["codes"]:
            _form(path + ".codes", output["codes"], '必须有 "0"', 'must have "0"', problems)
    if "read_sign" in output:
        _table(path + ".read_sign.signs", output["read_sign"]["signs"], -1, 1, problems)
    if "counts_per_a" in output and role != "gun":
        _form(path + ".counts_per_a", output["counts_per_a"], "仅用于 gun", "only for a gun", problems)
    for index, step in enumerate(output.get("steps", ())):
        where = "%s.steps[%d]" % (path, index)
        _write(where, step["function"], step, problems)
        most = 0xFFFF if schema.WORDS.get(step.get("type", "u16"), 1) == 1 else 0x7FFFFFFF
        _content(where + ".value", step["value"], ("raw", "magnitude") + schema.PARAMETERS, most, problems)
        when, signs = step.get("when", ["zero"]), ("positive", "negative", "zero")
        if not isinstance(when, list) or not when or not all([each in signs for each in when]):
            _form(where + ".when", when, "列表：" + ", ".join(signs), "a list of " + ", ".join(signs), problems)


def _write(path, function, write, problems):
    words = schema.WORDS.get(write.get("type", "u16"), 1)
    if words > 1 and function != 16 and not write.get("steps"):
        problems.append(Problem(path + ".function", "function_words", function, words))
    if write["register"] + words > 65536:
        problems.append(Problem(path + ".register", "address_end", write["register"], words))


def _names(data, role, problems):
    readable = schema.MAY_READ[role] + tuple(data.get("extra", ()))
    both = (("points", readable, schema.MUST_READ), ("outputs", schema.MAY_WRITE[role], schema.MUST_WRITE))
    for key, permitted, needed in both:
        seen = {}
        for index, entry in enumerate(data.get(key, ())):
            path = "%s[%d]" % (key, index)
            name = (entry["name"], entry.get("model"))
            if entry["name"] not in permitted:
                problems.append(Problem(path + ".name", "choice", entry["name"], ", ".join(permitted) or "-"))
            elif name in seen:
                problems.append(Problem(path + ".name", "duplicate_name", entry["name"], seen[name]))
            seen[name] = path
        for name in needed[role]:
            if name not in [each for each, _ in seen]:
                problems.append(Problem(key, "role_needs", MISSING, role, name))


def _span(point):
    first = point["register"]
    end = first + schema.WORDS.get(point["type"], 1)
    for key in ("sign", "product", "scale"):
        if key in point:
            first = min(first, point[key]["register"])
            end = max(end, point[key]["register"] + schema.WORDS.get(point[key].get("type"), 1))
    return first, end


def _own(entry):
    return entry["register"], entry["register"] + schema.WORDS.get(entry.get("type"), 1)


def _overlaps(points, problems):
    """Two points may share a register only when each looks at bits or codes of the same word."""
    for index, point in enumerate(points):
        first, end = _own(point)
        for before, other in enumerate(points[:index]):
            if (point["function"], point.get("model")) != (other["function"], other.get("model")):
                continue
            low, high = _own(other)
            shared = low == first and high == end and all(["mask" in p or "meaning" in p for p in (point, other)])
            if low < end and first < high and not shared:
                problems.append(Problem("points[%d].register" % index, "points_overlap", first, "points[%d]" % before))


def _reads(data, problems):
    reads = data.get("fixed_reads", ())
    for index, read in enumerate(reads):
        limit = 2000 if read["function"] < 3 else 125
        if read["count"] > limit:
            problems.append(Problem("fixed_reads[%d].count" % index, "read_too_long", read["count"], limit))
        if read["register"] + read["count"] > 65536:
            problems.append(Problem("fixed_reads[%d].register" % index, "address_end", read["register"], read["count"]))
    for index, point in enumerate(data["points"] if reads else ()):
        first, end = _span(point)
        if not [1 for r in reads if r["function"] == point["function"] and r["register"] <= first
                and end <= r["register"] + r["count"]]:
            problems.append(Problem("points[%d].register" % index, "not_in_a_read", point["register"]))


def _read_only(data, problems):
    """A measurement is not written, unless its point says that this register may be."""
    writes = []
    for index, output in enumerate(data.get("outputs", ())):
        steps = output.get("steps")
        path = "outputs[%d]" % index
        writes += [("%s.steps[%d]" % (path, i), step) for i, step in enumerate(steps)] if steps else [(path, output)]
    writes += [("arms[%d]" % index, arm) for index, arm in enumerate(data.get("arms", ()))]
    if "start" in data:
        writes.append(("start", dict(data["start"], function=6)))
    for path, write in writes:
        first, end = _own(write)
        for index, point in enumerate(data["points"]):
            low, high = _own(point)
            same_bank = point["function"] == (1 if write["function"] == 5 else 3)
            if same_bank and low < end and first < high and not point.get("writable"):
                if write.get("model") == point.get("model"):
                    problems.append(Problem(path + ".register", "read_only", first, "points[%d]" % index))


def _models(data, problems):
    models = data.get("models", [])
    for key in ("points", "outputs", "arms"):
        for index, entry in enumerate(data.get(key, ())):
            if (entry.get("model") in models) != bool(models) or not models and "model" in entry:
                text = ", ".join([str(model) for model in models]) or "-"
                problems.append(Problem("%s[%d].model" % (key, index), "choice", entry.get("model", MISSING), text))
