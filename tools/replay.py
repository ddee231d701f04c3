"""Runs a recording of the black box through `control` again and compares every decision bit for bit.

    python -m tools.replay RECORDING --station station.json [--table | --csv] [--lang zh|en|both]

Ends with 0 when all decisions are the same, 1 with the first difference (cycle, field, recorded, computed), 2 when the
recording or the station file is refused.
"""

import argparse
import sys
from array import array
from dataclasses import dataclass

from control import response
from control.reflex import react
from control.station import Station
from control.step import step
from firmware import config as station_config
from tools import replay_file, replay_table
from tools.replay_file import Key, RecordingError, Reflex


@dataclass
class Difference:
    """The first place where the replay leaves the recording. when: "decision" or "checksum" of the cycle, "memory" at
    its end, or "reflex" after it.
    """

    cycle: int
    field: str
    recorded: int
    computed: int
    when: str = "decision"

    def text(self, language):
        if language == "zh":
            return f"第 {self.cycle} 周期 {self.field}：记录 {self.recorded}，重算 {self.computed}"
        return f"cycle {self.cycle}, {self.field}: recorded {self.recorded}, computed {self.computed}"


@dataclass
class Result:
    """difference: None when every decision was reproduced. station: control as the replay left it."""

    cycles: int
    values: int
    keys: int
    difference: Difference | None
    station: Station


def rebuilt(config, recording):
    """The station of a checked station file as it was when it was recorded. Raises RecordingError when it is another
    station, or another version of control.
    """
    fixed = recording.head["fixed"]
    guns = [device["id"] for device in config["devices"] if device["role"] == "gun"]
    # Pause values come from the drivers' profiles, which may be files of the board: the recording's are taken.
    station = Station(config, dict(zip(guns, fixed.get("standby_w", []))))
    for name, recorded in fixed.items():
        if not hasattr(station, name):
            raise _other_version(name)
        difference = _first_difference(name, recorded, _plain(getattr(station, name)))
        if difference:
            place, found, allowed = difference
            raise RecordingError(
                place, f"{found} (recording)", f"{allowed}（站点文件）", f"{allowed} (station file)"
            )
    _check_fields(station, recording.head["fields"])
    return station


def replay(recording, station, each=None):
    """Result of running all frames. each(frame, station), if given, is called after every reproduced cycle."""
    cycles = values = keys = 0
    difference = None
    summed = [name for name, _ in recording.head["fields"]["summed"]]
    for entry in recording.entries:
        if isinstance(entry, Key):
            if keys:
                difference = _compare(entry.cycle, entry.state, station, "memory")
            else:
                _put(station, entry.state)
                for g in range(station.guns):
                    response.widen(station, g)
            keys += 1
        elif isinstance(entry, Reflex):
            react(station, entry.grid_w)
            difference = _compare(entry.cycle, entry.decisions, station, "reflex")
            values += len(entry.decisions)
        else:
            _put(station.inputs, entry.inputs)
            step(station, entry.dt_ms)
            difference = _compare(entry.cycle, entry.decisions, station, "decision")
            if difference is None:
                difference = _compare_checksum(entry, summed, station)
            cycles += 1
            values += sum(len(value) if isinstance(value, list) else 1 for value in entry.decisions.values())
            if each is not None and difference is None:
                each(entry, station)
        if difference is not None:
            break
    return Result(cycles, values, keys, difference, station)


def checksum(station, names):
    """24 bits over the named fields, as firmware/black_box.py forms them."""
    total = 0
    for name in names:
        value = _plain(getattr(station, name))
        for number in value if isinstance(value, list) else [value]:
            total = (total * 31 + (number & 0xFFFFFF) + (number >> 24)) & 0xFFFFFF
    return total


def _compare_checksum(frame, names, station):
    computed = checksum(station, names)
    if computed == frame.checksum:
        return None
    return Difference(frame.cycle, "checksum of " + ", ".join(names), frame.checksum, computed, "checksum")


def _compare(cycle, recorded, station, when):
    for name, value in recorded.items():
        found = _first_difference(name, value, _plain(getattr(station, name)))
        if found:
            return Difference(cycle, found[0], found[1], found[2], when)
    return None


def _first_difference(name, recorded, computed):
    """(place, recorded, computed) of the first value that differs, or None."""
    if recorded == computed:
        return None
    if isinstance(recorded, list) and isinstance(computed, list) and len(recorded) == len(computed):
        index = next(i for i, value in enumerate(recorded) if value != computed[i])
        return f"{name}[{index}]", recorded[index], computed[index]
    return name, recorded, computed


def _put(owner, values):
    for name, value in values.items():
        if isinstance(value, list):
            getattr(owner, name)[:] = array("i", value)
        else:
            setattr(owner, name, type(getattr(owner, name))(value))


def _plain(value):
    return list(value) if isinstance(value, array) else int(value) if isinstance(value, int) else value


def _check_fields(station, fields):
    told = fields["ages"] + fields["inputs"]
    groups = [(station.inputs, told), *[(station, fields[title]) for title in ("decisions", "summed", "state")]]
    for owner, shapes in groups:
        for name, length in shapes:
            if not hasattr(owner, name):
                raise _other_version(name)
            here = getattr(owner, name)
            wanted = len(here) if isinstance(here, array) else 0
            if length != wanted:
                raise RecordingError(f"fields.{name}", f"{length} values", f"{wanted} 个值", f"{wanted} values")
    for name in sorted(set(vars(station.inputs)) - {name for name, _ in told}):
        raise RecordingError(
            f"fields.{name}", "nothing", "本版本 control 的所有输入", "every input that this version of control has"
        )


def _other_version(name):
    return RecordingError(
        f"fields.{name}", "recorded", "本版本 control 的字段（记录来自其他版本）",
        "fields of this version of control (the recording is of another one)",
    )  # fmt: skip


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tools.replay", description="Replay a black box / 重放黑匣子")
    parser.add_argument("recording", help="black_box_*.bin")
    parser.add_argument("--station", required=True, help="the station.json that the board had / 板上的站点文件")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--table", action="store_true", help="print every cycle / 逐周期列表")
    shown.add_argument("--csv", action="store_true", help="the same as CSV on standard output")
    parser.add_argument("--lang", choices=("zh", "en", "both"), default="both")
    options = parser.parse_args(arguments)
    try:
        recording = replay_file.load(options.recording)
        station = rebuilt(station_config.load(options.station), recording)
    except (RecordingError, station_config.ConfigError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    rows = replay_table.Rows(station, options.lang)
    result = replay(recording, station, rows.add if options.table or options.csv else None)
    if options.csv:
        rows.write_csv(sys.stdout)
    elif options.table:
        rows.print_table()
    told = sys.stderr if options.csv else sys.stdout
    for language in ("zh", "en") if options.lang == "both" else (options.lang,):
        print(replay_table.verdict(recording, result, language), file=told)
    return 1 if result.difference else 0


if __name__ == "__main__":
    sys.exit(main())
