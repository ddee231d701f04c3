"""Scenario files: loading one, and refusing a bad one as a whole with path, what was found and what is allowed, in
Chinese and English.

The format is tools/scenarios/scenario.schema.json (structure) and docs/scenarios.md (meaning); references are checked
in tools/scenario_references.py against the station the scenario runs on.
"""

import json
from pathlib import Path

import jsonschema

from tools.scenario_references import THREATENING, check_references, expand_vehicles

ROOT = Path(__file__).resolve().parent
SCENARIOS = ROOT / "scenarios"
SCHEMA_FILE = SCENARIOS / "scenario.schema.json"
DEFAULT_SCENARIO = SCENARIOS / "steady_evening.json"
DEFAULT_STATION = ROOT / "stations" / "demo.json"
MAX_BYTES = 256 * 1024

TEXTS = {
    "no_file": ("无法读取: {found}", "cannot be read: {found}"),
    "too_big": ("文件 {found} 字节，最多 {allowed}", "{found} bytes, at most {allowed}"),
    "syntax": ("不是有效的 JSON: {found}", "not valid JSON: {found}"),
    "twice": ("键 {found} 出现两次", "key {found} is there twice"),
    "type": ("值为 {found}，类型应为 {allowed}", "found {found}, allowed: type {allowed}"),
    "required": ("缺少键 {found}", "key {found} is missing"),
    "unknown": ("未知键 {found}，允许的键: {allowed}", "unknown key {found}, allowed: {allowed}"),
    "enum": ("值为 {found}，允许: {allowed}", "found {found}, allowed: {allowed}"),
    "range": ("值为 {found}，允许范围 {allowed}", "found {found}, allowed: {allowed}"),
    "form": ("值为 {found}，格式应为 {allowed}", "found {found}, allowed: {allowed}"),
}


class ScenarioError(ValueError):
    """A scenario file is refused as a whole. `problems`: [(path in the file, zh, en), ...]."""

    def __init__(self, file, problems):
        self.file, self.problems = str(file), problems
        super().__init__("\n".join(f"{file}: {path}: {zh} / {en}" for path, zh, en in problems))


class Scenario:
    """A checked scenario. `data` is the file; `station_file` the station it runs on; `events` sorted by time."""

    def __init__(self, file, data, station_file):
        self.file, self.data, self.station_file = Path(file), data, Path(station_file)
        self.name, self.seconds, self.seed = data["name"], data["seconds"], data["seed"]
        self.threat, self.expect = data["threat"], data["expect"]
        self.events = sorted(data["events"], key=lambda event: event["at_s"])
        self.first_threat_s = min(
            (event["at_s"] for event in self.events if event["event"] in THREATENING), default=None
        )

    def timeline(self):
        """[(at_s, begins, event), ...] in order of time: each fault that has an `until_s` is there twice."""
        entries = []
        for order, event in enumerate(self.events):
            entries.append((event["at_s"], 1, order, True, event))
            if "until_s" in event:
                entries.append((event["until_s"], 0, order, False, event))
        return [(at_s, begins, event) for at_s, _, _, begins, event in sorted(entries, key=lambda entry: entry[:3])]


def problem(path, code, found="", allowed=""):
    zh, en = TEXTS[code]
    return path, zh.format(found=found, allowed=allowed), en.format(found=found, allowed=allowed)


def load_scenario(file, station_file=None, seconds=None):
    """Load and check a scenario file -> Scenario. `station_file` and `seconds` override the file's own.

    Raises ScenarioError with every problem found.
    """
    file = Path(file)
    data = _parse(file)
    problems = check_structure(data)
    if problems:
        raise ScenarioError(file, problems)
    if seconds is not None:
        data["seconds"] = seconds
    if station_file is None:
        station_file = file.parent / data["station"] if "station" in data else DEFAULT_STATION
    try:
        station = json.loads(Path(station_file).read_text(encoding="utf-8"))
        problems = check_references(data, station, file.stem, overridden=seconds is not None)
    except (OSError, ValueError) as error:
        problems = [problem("station", "no_file", found=f"{station_file}: {error}")]
    except (
        KeyError,
        TypeError,
        AttributeError,
    ) as error:  # the station check says more; here only that it is no station file
        problems = [
            problem(
                "station", "form", found=f"{station_file}: {type(error).__name__} {error}", allowed="a station file"
            )
        ]
    if problems:
        raise ScenarioError(file, problems)
    expand_vehicles(data, station)
    return Scenario(file, data, station_file)


def _parse(file):
    try:
        raw = file.read_bytes()
        if len(raw) > MAX_BYTES:
            raise ScenarioError(file, [problem("(file)", "too_big", found=len(raw), allowed=MAX_BYTES)])
        return json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_without_duplicates)
    except OSError as error:
        raise ScenarioError(file, [problem("(file)", "no_file", found=error.strerror)]) from None
    except json.JSONDecodeError as error:
        found = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise ScenarioError(file, [problem(f"(line {error.lineno})", "syntax", found=found)]) from None
    except UnicodeDecodeError as error:
        raise ScenarioError(file, [problem(f"(byte {error.start})", "syntax", found="not UTF-8")]) from None
    except _Twice as error:
        raise ScenarioError(file, [problem("(file)", "twice", found=error)]) from None


class _Twice(Exception):
    pass


def _without_duplicates(pairs):
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise _Twice(key)
    return dict(pairs)


def check_structure(data):
    """Problems of the structure alone, by the published schema: [(path, zh, en), ...]."""
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    problems = []
    for error in sorted(validator.iter_errors(data), key=lambda error: [str(part) for part in error.absolute_path]):
        found = _explain(error)
        if found not in problems:
            problems.append(found)
    return problems


def _explain(error):
    path = _path(error.absolute_path)
    kind, allowed, found = error.validator, error.validator_value, _short(error.instance)
    if kind == "type":
        return problem(path, "type", found=found, allowed=allowed if isinstance(allowed, str) else " / ".join(allowed))
    if kind == "required":
        missing = [key for key in allowed if key not in error.instance]
        return problem(path, "required", found=", ".join(missing))
    if kind == "additionalProperties":
        known = error.schema["properties"]
        return problem(
            path,
            "unknown",
            found=", ".join(key for key in error.instance if key not in known),
            allowed=", ".join(known),
        )
    if kind in ("enum", "const"):
        return problem(path, "enum", found=found, allowed=", ".join(map(str, allowed)) if kind == "enum" else allowed)
    if kind in ("minimum", "maximum"):
        unit = error.schema.get("description", "")
        return problem(
            path, "range", found=found, allowed=f"{error.schema.get('minimum')}..{error.schema.get('maximum')} ({unit})"
        )
    return problem(path, "form", found=found, allowed=f"{kind} {allowed}")


def _path(parts):
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "(top)"


def _short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
