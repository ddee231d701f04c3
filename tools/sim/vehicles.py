"""Where the cars come from: real sessions of a file, or a seeded generator with published quantiles. No clock, no
device.

**The generator** draws by inverse transform from these quantiles (p1, 10, 25, 50, 75, 90, 99; linear in between,
clamped outside) of the 1,878 sessions of DESL-EPFL/Level-3-EV-charging-dataset (MIT; Swiss 172.5 kW CCS station,
2022-04 to 2023-07):

| quantity | p1 | p10 | p25 | p50 | p75 | p90 | p99 |
|---|---|---|---|---|---|---|---|
| stay, min | 6 | 13 | 20 | 30 | 42 | 54 | 88 |
| energy, Wh | 4084 | 11025 | 17978 | 29366 | 43223 | 55457 | 77991 |
| power the car asked for, W | 30600 | 91782 | 123081 | 191382 | 352230 | 353265 | 367872 |
| SOC at arrival, % | 2 | 11 | 19 | 31 | 46 | 60 | 85 |
| SOC at departure, % | 25 | 50 | 70 | 83 | 93 | 100 | 100 |
| pack, Wh | 11010 | 36913 | 57183 | 72826 | 80490 | 87477 | 112724 |

The quantities hang together: a Gaussian copula with the rank correlations of the same sessions (RANK_CORRELATION). A
draw whose departure SOC is not above its arrival SOC is thrown away and drawn again (about one in thirty).

**Synthetic, and labelled so:** the shape of every charging curve (a concave taper: `taper`), AC cars, and cars that
take 400 kW or more (no open charging curve of that class was found).
"""

import csv
import math
import random
from statistics import NormalDist

from tools.sim.gun import Vehicle

QUANTILE_AT = (0.01, 0.10, 0.25, 0.50, 0.75, 0.90, 0.99)
QUANTILES = {
    "stay_min": (6, 13, 20, 30, 42, 54, 88),
    "energy_wh": (4084, 11025, 17978, 29366, 43223, 55457, 77991),
    "preq_max_w": (30600, 91782, 123081, 191382, 352230, 353265, 367872),
    "soc_arr": (2, 11, 19, 31, 46, 60, 85),
    "soc_dep": (25, 50, 70, 83, 93, 100, 100),
    "cap_wh": (11010, 36913, 57183, 72826, 80490, 87477, 112724),
}
NAMES = tuple(QUANTILES)
RANK_CORRELATION = (  # Spearman, in the order of NAMES
    (1.0, 0.66, -0.01, -0.08, 0.69, -0.01),
    (0.66, 1.0, 0.35, -0.39, 0.33, 0.36),
    (-0.01, 0.35, 1.0, -0.04, -0.09, 0.47),
    (-0.08, -0.39, -0.04, 1.0, 0.31, 0.11),
    (0.69, 0.33, -0.09, 0.31, 1.0, -0.11),
    (-0.01, 0.36, 0.47, 0.11, -0.11, 1.0),
)
ALLOWED = {  # what a row of a sessions file may hold: (lowest, highest, unit)
    "stay_min": (1, 10080, "min"),
    "energy_wh": (0, 500000, "Wh"),
    "preq_max_w": (1000, 1500000, "W"),
    "soc_arr": (0, 100, "%"),
    "soc_dep": (0, 100, "%"),
    "cap_wh": (1000, 1000000, "Wh"),
}
TEXTS = {
    "empty": ("文件中没有会话记录", "the file holds no session"),
    "no_file": ("无法读取文件: {found}", "cannot read the file: {found}"),
    "column": ("缺少列，应有 {allowed}", "column missing; needed: {allowed}"),
    "number": ("值为 {found}，应为数字 {allowed}", "found {found}, allowed: a number {allowed}"),
    "range": ("值为 {found}，允许范围 {allowed}", "found {found}, allowed: {allowed}"),
    "order": ("值为 {found}，必须大于到达 SOC {allowed}", "found {found}, must be above the SOC at arrival, {allowed}"),
    "nothing_fits": ("没有符合场景条件的会话: {found}", "no session fits what the scenario asks for: {found}"),
}


class SessionsError(ValueError):
    """A sessions file is refused as a whole. `problems`: [(line or 0, column or "", zh, en), ...], at most 20 of
    them.
    """

    def __init__(self, path, problems):
        self.path, self.problems = path, problems
        super().__init__("\n".join(f"{path}:{line}: {column}: {zh} / {en}" for line, column, zh, en in problems))


def _problem(line, column, code, found="", allowed=""):
    zh, en = TEXTS[code]
    return line, column, zh.format(found=found, allowed=allowed), en.format(found=found, allowed=allowed)


def load_sessions(path):
    """Sessions of a CSV file (columns of QUANTILES at least; SOC in %, power in W, energy in Wh) -> list of dicts of
    floats.

    Raises SessionsError naming line, column, what was found and what is allowed; a file with one bad row is refused
    as a whole.
    """
    problems, sessions = [], []
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in NAMES if name not in (reader.fieldnames or ())]
            if missing:
                raise SessionsError(path, [_problem(1, name, "column", allowed=", ".join(NAMES)) for name in missing])
            for row in reader:
                found = len(problems)
                session = _check_row(row, reader.line_num, problems)
                if len(problems) == found:
                    sessions.append(session)
                if len(problems) >= 20:
                    break
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SessionsError(path, [_problem(0, "", "no_file", found=error)]) from None
    if not problems and not sessions:
        problems.append(_problem(0, "", "empty"))
    if problems:
        raise SessionsError(path, problems[:20])
    return sessions


def _check_row(row, line, problems):
    session = {}
    for name, (lowest, highest, unit) in ALLOWED.items():
        text = row[name]
        allowed = f"{lowest}..{highest} {unit}"
        try:
            value = float(text)
        except (TypeError, ValueError):
            problems.append(_problem(line, name, "number", found=repr(text), allowed=allowed))
            continue
        if not lowest <= value <= highest:  # also refuses nan
            problems.append(_problem(line, name, "range", found=repr(text), allowed=allowed))
            continue
        session[name] = value
    if "soc_arr" in session and "soc_dep" in session and session["soc_dep"] <= session["soc_arr"]:
        problems.append(_problem(line, "soc_dep", "order", found=row["soc_dep"], allowed=row["soc_arr"]))
    return session


def quantile(name, share):
    """Inverse transform: the value of quantity `name` below which `share` (0..1) of the sessions lie."""
    values = QUANTILES[name]
    if share <= QUANTILE_AT[0]:
        return float(values[0])
    for (s0, v0), (s1, v1) in zip(zip(QUANTILE_AT, values), zip(QUANTILE_AT[1:], values[1:])):
        if share <= s1:
            return v0 + (v1 - v0) * (share - s0) / (s1 - s0)
    return float(values[-1])


def _cholesky(matrix):
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            lower[i][j] = math.sqrt(rest) if i == j else rest / lower[j][j]
    return lower


# Rank correlation -> correlation of the normals under the copula.
_LOWER = _cholesky(
    [[1.0 if i == j else 2.0 * math.sin(math.pi / 6.0 * RANK_CORRELATION[i][j]) for j in range(6)] for i in range(6)]
)
_NORMAL = NormalDist()


def generate_session(rng):
    """One session like those of the published quantiles; `rng` is a seeded random.Random."""
    while True:
        independent = [rng.gauss(0.0, 1.0) for _ in NAMES]
        mixed = [sum(low * value for low, value in zip(row, independent)) for row in _LOWER]
        session = {name: quantile(name, _NORMAL.cdf(value)) for name, value in zip(NAMES, mixed)}
        if session["soc_dep"] > session["soc_arr"] + 1.0:
            return session


def taper(peak_w, knee_soc=0.45):
    """Synthetic charging curve [(soc, W at the battery)]: concave, full power up to the knee, 45 % of it at 80 % SOC,
    6 % when full.
    """
    return [(0.0, 0.85 * peak_w), (0.10, peak_w), (knee_soc, peak_w), (0.80, 0.45 * peak_w), (1.0, 0.06 * peak_w)]


class VehicleSource:
    """Draws vehicles one after the other; the same seed and the same sessions give the same cars.

    sessions: rows of `load_sessions`, or None for the generator.
    """

    def __init__(self, seed, sessions=None):
        self._rng = random.Random(seed)
        self.sessions = sessions

    def make(self, spec):
        """A plant Vehicle after one `vehicle` object of a scenario file (docs/scenarios.md); `stay_s` is set on it
        (None = stays).
        """
        build = {"session": self._from_session, "super": self._super, "ac": self._ac, "explicit": self._explicit}
        vehicle = build[spec["from"]](spec)
        vehicle.start_delay_s = spec.get("start_delay_s", vehicle.start_delay_s)
        return vehicle

    def _from_session(self, spec):
        for _ in range(20000):
            session = self._rng.choice(self.sessions) if self.sessions else generate_session(self._rng)
            wants_enough = session["preq_max_w"] >= spec.get("min_peak_w", 0)
            if wants_enough and session["soc_arr"] * 10 <= spec.get("max_soc_permille", 1000):
                break
        else:
            raise SessionsError("sessions", [_problem(0, "", "nothing_fits", found=spec)])
        knee = self._rng.uniform(0.35, 0.50)
        label = f"{'session' if self.sessions else 'generated'} {session['preq_max_w'] / 1000:.0f} kW, curve synthetic"
        curve = taper(session["preq_max_w"], knee)
        vehicle = Vehicle(session["cap_wh"], session["soc_arr"] / 100.0, curve, session["soc_dep"] / 100.0, label=label)
        vehicle.stay_s = session["stay_min"] * 60.0
        return vehicle

    def _super(self, spec):
        peak_w = spec.get("peak_w", self._rng.uniform(450e3, 500e3))
        soc = spec.get("soc_permille", self._rng.uniform(100, 200)) / 1000.0
        curve = taper(peak_w, self._rng.uniform(0.40, 0.50))
        vehicle = Vehicle(
            self._rng.uniform(100e3, 112e3), soc, curve, 0.8, label=f"synthetic super {peak_w / 1000:.0f} kW"
        )
        vehicle.stay_s = None
        return vehicle

    def _ac(self, spec):
        ac_w = spec.get("ac_w", self._rng.choice((7360.0, 11040.0)))
        soc = spec.get("soc_permille", self._rng.uniform(200, 600)) / 1000.0
        vehicle = Vehicle(
            self._rng.uniform(50e3, 80e3),
            soc,
            [(0.0, 50e3), (1.0, 50e3)],
            1.0,
            ac_w,
            label=f"synthetic AC {ac_w / 1000:.1f} kW",
        )
        vehicle.stay_s = None
        return vehicle

    def _explicit(self, spec):
        curve = taper(spec["peak_w"], spec.get("knee_permille", 450) / 1000.0)
        leave = spec.get("leave_soc_permille", 1000) / 1000.0
        vehicle = Vehicle(
            spec["pack_wh"],
            spec["soc_permille"] / 1000.0,
            curve,
            leave,
            spec.get("ac_w", 11040.0),
            label="synthetic (scenario file)",
        )
        vehicle.stay_s = None
        return vehicle
