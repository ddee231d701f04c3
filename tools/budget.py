"""The latency budget of a station, from its file, before anything is wired: can this station hold its cap?

`python -m tools.budget STATION [--lang zh|en|both] [--base-step-w W] [--pv-rise-permille-s N]`

Prints how busy each bus is, how old each reading can become, how long the station takes to answer a disturbance, and
the headroom that this requires (docs/latency-budget.md). Exit code 0: the cap can be held; 1: it cannot, with the
numbers; 2: the file or an option was refused for another reason.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from drivers import timing
from firmware import config as station_file
from tools import budget_tables
from tools.budget_reaction import PV_RISE_PERMILLE_S, TOLERANCE_MS, Reaction

# The station file is sound in itself, but says that the cap cannot be held.
PROMISES = ("fallback_over_cap", "storage_first")
# It is sound, but its buses cannot bring the readings and setpoints in time: shown with the tables.
TOO_SLOW = ("reading_old", "refresh_slow")


@dataclass
class Finding:
    """A reason why the cap cannot be held, in the form of a problem of the station file."""

    path: str
    zh: str
    en: str
    found: str
    allowed: str

    def text(self, language):
        if language == "zh":
            return f"{self.path}：{self.zh}；发现：{self.found}；允许：{self.allowed}"
        return f"{self.path}: {self.en}; found {self.found}; allowed: {self.allowed}"


class Budget:
    """config: a checked station, defaults filled in. problems: what the check says of its buses (TOO_SLOW).
    base_step_w: the largest load that is switched on at once beside the guns."""

    def __init__(self, config, problems=(), base_step_w=0, pv_rise_permille_s=PV_RISE_PERMILLE_S):
        self.config = config
        self.members = {
            bus["id"]: [each for each in config["devices"] if each["bus"] == bus["id"]] for bus in config["buses"]
        }
        self.requests = {bus["id"]: timing.requests_of(bus, self.members[bus["id"]]) for bus in config["buses"]}
        self.reaction = Reaction(config, self.requests)
        self.answers = self.reaction.answers(base_step_w, pv_rise_permille_s)
        self.without_storage = [self.reaction.answer(each.disturbance, 0) for each in self.answers if each.storage]
        self.cap_w = self.reaction.station.circuit_cap_w[self.reaction.station.root]
        self.tolerance_ws = self.cap_w * TOLERANCE_MS // 1000
        self.findings = [*self._busy(), *problems, *self._headroom()]

    def age_ms(self, device, with_silence=False):
        """Largest age of the device's control readings, 0 when it has none; None with a silent neighbour that it does
        not have."""
        requests = self.requests[device["bus"]]
        if not with_silence:
            return timing.device_age_ms(requests, device["id"])
        bus = next(each for each in self.config["buses"] if each["id"] == device["bus"])
        if len(self.members[bus["id"]]) < 2:
            return None
        return timing.device_age_ms(requests, device["id"], timing.silence_us(bus))

    def age_limit_ms(self, device):
        """Beyond this age control trusts the device's readings less or not at all; None where it does not ask."""
        if device["role"] == "meter" and device["id"] != station_file.grid_meter(self.config)["id"]:
            return None
        return timing.TRUSTED_MS.get(device["role"])

    def _busy(self):
        for index, bus in enumerate(self.config["buses"]):
            busy = timing.busy_permille(self.requests[bus["id"]])
            if busy > timing.BUSY_MAX_PERMILLE:
                key = ".baud" if "baud" in bus else ""
                yield Finding(
                    f"buses[{index}]{key}",
                    f"总线 {bus['id']} 上 {len(self.members[bus['id']])} 台设备的读写占用过高",
                    f"the {len(self.members[bus['id']])} devices on {bus['id']} keep it too busy",
                    f"{busy} ‰",
                    f"<= {timing.BUSY_MAX_PERMILLE} ‰",
                )

    def _headroom(self):
        for answer in self.answers:
            need_w = answer.need_w(self.tolerance_ws)
            if need_w <= self.reaction.headroom_w:
                continue
            over_ws = answer.over_ws(self.reaction.headroom_w)
            zh, en = budget_tables.DISTURBANCES[answer.disturbance.name]
            yield Finding(
                "headroom_permille",
                f"余量不足：{zh} 时需 {need_w} W，现有 {self.reaction.headroom_w} W，将超限 {over_ws} W·s",
                f"too little headroom: {en} needs {need_w} W, there are {self.reaction.headroom_w} W, "
                f"{over_ws} W·s go over the cap",
                str(self.config["headroom_permille"]),
                self._enough(answer.disturbance),
            )

    def _enough(self, disturbance):
        """The smallest headroom that carries the disturbance, in permille. A larger one also lets more noise pass
        uncut, so the need grows with it."""
        permille = self.config["headroom_permille"]
        while permille <= 1000:
            reaction = Reaction({**self.config, "headroom_permille": permille}, self.requests)
            need_w = reaction.answer(disturbance, reaction.cover_w).need_w(self.tolerance_ws)
            if need_w <= reaction.headroom_w:
                return f">= {permille}"
            permille = max(permille + 1, -(-need_w * 1000 // self.cap_w))
        return "> 1000"


def load(path, language):
    """(config, problems of its buses, None) or (None, [], exit code) when the file was refused; the reasons have been
    printed."""
    try:
        return station_file.load(path), [], None
    except station_file.ConfigError as refused:
        problems = refused.problems
    if all(problem.code in TOO_SLOW for problem in problems):  # sound otherwise: the tables show why
        folder = path[: path.rfind("/") + 1]
        return station_file.completed(station_file.parse(Path(path).read_bytes(), path), folder), problems, None
    print(station_file.ConfigError(problems).text(language), file=sys.stderr)
    return None, [], 1 if all(problem.code in PROMISES for problem in problems) else 2


def _watts(text):
    value = int(text)
    if not 0 <= value <= 10_000_000:
        raise argparse.ArgumentTypeError(f"{text}: 0..10000000")
    return value


def _permille(text):
    value = int(text)
    if not 1 <= value <= 10_000:
        raise argparse.ArgumentTypeError(f"{text}: 1..10000")
    return value


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="tools.budget", description="延迟预算 / latency budget of a station file")
    parser.add_argument("station", help="station.json")
    parser.add_argument("--lang", choices=("zh", "en", "both"), default="both")
    parser.add_argument("--base-step-w", type=_watts, default=0, metavar="W",
                        help="一次投入的最大基础负荷 / largest base load that is switched on at once")
    parser.add_argument("--pv-rise-permille-s", type=_permille, default=PV_RISE_PERMILLE_S, metavar="N",
                        help="光伏跌落速度，额定的千分之几每秒 / how fast PV falls, permille of its rating in a second")
    options = parser.parse_args(arguments)
    config, problems, refused = load(options.station, options.lang)
    if config is None:
        return refused
    budget = Budget(config, problems, options.base_step_w, options.pv_rise_permille_s)
    budget_tables.show(budget, options.lang)
    return 1 if budget.findings else 0


if __name__ == "__main__":
    sys.exit(main())
