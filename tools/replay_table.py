"""A replayed recording for people: one row a cycle, as a table or as CSV, and the verdict in a sentence."""

import csv

from rich.console import Console
from rich.table import Table

from control.reasons import GUN_REASONS, STORAGE_REASONS
from control.station import ABSENT_AGE_MS

_LADDER = ("fresh", "hold", "pessimistic", "open_loop", "fall_back")
_HEADINGS = (
    ("周期", "cycle"), ("时刻 s", "time s"), ("间隔 ms", "dt ms"), ("电网 kW", "grid kW"), ("龄期 ms", "age ms"),
    ("光伏 kW", "PV kW"), ("储能 kW", "storage kW"), ("储能设定 kW", "setpoint kW"), ("储能原因", "storage reason"),
    ("基础负荷 kW", "base kW"), ("限额 kW", "cap kW"), ("阶梯", "ladder"), ("急停", "stop"), ("越限 kW", "excess kW"),
)  # fmt: skip
_GUN_HEADINGS = (("功率 kW", "power kW"), ("批准 kW", "grant kW"), ("原因", "reason"))


class Rows:
    """`add(frame, station)` after each cycle."""

    def __init__(self, station, language):
        headings = list(_HEADINGS)
        for gun in station.gun_ids:
            headings += [(f"{gun} {zh}", f"{gun} {en}") for zh, en in _GUN_HEADINGS]
        self.headings = [{"zh": zh, "en": en, "both": f"{zh} / {en}"}[language] for zh, en in headings]
        self.rows = []

    def add(self, frame, station):
        told, decided = frame.inputs, frame.decisions
        age_ms = told["grid_age_ms"]
        row = [
            frame.cycle, f"{station.uptime_ms / 1000:.1f}", frame.dt_ms, _kw(told["grid_w"]),
            "-" if age_ms == ABSENT_AGE_MS else age_ms, _kw(sum(told["pv_w"])), _kw(told["storage_w"]),
            _kw(decided["storage_setpoint_w"]), _name(STORAGE_REASONS, decided["storage_reason"]),
            _kw(decided["base_w"]), _kw(decided["cap_w"]), _name(_LADDER, decided["ladder"]),
            told["emergency_stop"], _kw(decided["invariant_excess_w"]),
        ]  # fmt: skip
        for gun in range(station.guns):
            grant_w = decided["grant_w"][gun]
            row += [_kw(told["gun_w"][gun]), "-" if grant_w < 0 else _kw(grant_w),
                    _name(GUN_REASONS, decided["reason"][gun])]  # fmt: skip
        self.rows.append([str(cell) for cell in row])

    def write_csv(self, file):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(self.headings)
        writer.writerows(self.rows)

    def print_table(self):
        table = Table(*self.headings, show_lines=False, pad_edge=False)
        for row in self.rows:
            table.add_row(*row)
        # As wide as it needs: a table in columns of two letters helps nobody, and a pager can scroll.
        Console(width=Console(width=100000).measure(table).maximum).print(table)


def verdict(recording, result, language):
    """What the replay found, in "zh" or "en"."""
    cause, event = recording.head.get("cause", "?"), recording.head.get("event_cycle", 0)
    if result.difference:
        beginning = "重放与记录不符，最先：" if language == "zh" else "the replay leaves the recording, first at "
        return beginning + result.difference.text(language)
    seconds = sum(frame.dt_ms for frame in recording.frames) / 1000
    if language == "zh":
        return (
            f"{result.cycles} 个周期（{seconds:.1f} s，事件 {cause} 在第 {event} 周期）逐位一致："
            f"{result.values} 个决定值、{result.cycles} 个校验和、{result.keys - 1} 个中途存档"
        )
    return (
        f"{result.cycles} cycles ({seconds:.1f} s, {cause} in cycle {event}) are the same bit for bit: "
        f"{result.values} decided values, {result.cycles} checksums, {result.keys - 1} memories on the way"
    )


def _kw(watts):
    return f"{watts / 1000:.1f}"


def _name(names, index):
    return names[index] if 0 <= index < len(names) else str(index)
