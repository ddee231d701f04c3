"""What `tools.budget` shows people: tables of buses, readings, reaction and headroom, in Chinese and English."""

from rich.console import Console
from rich.table import Table

from drivers import timing

DISTURBANCES = {"pv": ("光伏骤降", "a cloud front"), "base": ("基础负荷投入", "the base step")}
ITEMS = {
    "refresh": ("电表刷新", "meter refresh"),
    "lag": ("电表滞后", "meter lag"),
    "reading": ("读数年龄", "age of the reading"),
    "cycle": ("控制周期", "control cycle"),
    "write": ("写设定（排队+传输）", "write: queue and air"),
    "device": ("设备响应", "device responds"),
    "shed": ("降功率", "ramp down"),
    "total": ("合计", "total"),
}
KINDS = {
    timing.READ: ("控制读数", "control reading"),
    timing.SLOW: ("慢读数", "slow reading"),
    timing.WRITE: ("设定值", "setpoint"),
}
LABELS = {
    "buses": ("总线", "Buses"),
    "bus": ("总线", "bus"),
    "rate": ("请求/s", "requests/s"),
    "longest": ("最长请求 ms", "longest request ms"),
    "busy": ("占用 ‰", "busy permille"),
    "busy_ramp": ("全部设定每周期写 ‰", "all setpoints each cycle"),
    "requests": ("请求", "Requests"),
    "device": ("设备", "device"),
    "kind": ("种类", "kind"),
    "period": ("周期 ms", "period ms"),
    "registers": ("寄存器", "registers"),
    "line": ("占线 ms", "holds the line ms"),
    "turnaround": ("应答延迟 ms", "turnaround ms"),
    "assumed": ("D：型号未给出应答延迟，按同类设备的常见值（证据等级 D）；现场以实测为准",
                "D: the profile knows no turnaround, the usual one of such devices is counted (evidence grade D); "
                "measure on site"),
    "readings": ("控制读数最大年龄", "Largest age of the control readings"),
    "age": ("年龄 ms", "age ms"),
    "age_silent": ("一台同线设备失联时 ms", "with one silent neighbour ms"),
    "limit": ("控制容许 ms", "control allows ms"),
    "reaction": ("反应时间 ms（最坏）", "Reaction ms (worst case)"),
    "item": ("环节", "item"),
    "guns": ("{}：枪", "{}: guns"),
    "storage": ("{}：储能", "{}: storage"),
    "headroom": ("余量", "Headroom"),
    "event": ("扰动", "disturbance"),
    "size": ("大小 W", "size W"),
    "rise": ("上升 W/s", "rises by W/s"),
    "answer": ("应对", "answered by"),
    "by_storage": ("储能和枪", "storage and guns"),
    "by_guns": ("只有枪", "guns alone"),
    "peak": ("一瓦不超需余量 W", "headroom W for not a watt over"),
    "need": ("容许 {} W·s 需余量 W", "headroom W needed, {} W·s tolerated"),
    "have": ("现有余量 W", "headroom W of the station"),
    "over": ("最坏超限 W·s", "W·s over the cap at worst"),
    "over_for": ("最坏超限 ms", "ms over the cap at worst"),
    "slow": ("{} 本身较慢，读数可达 {} ms（控制采信 {} ms）：期间按最坏情况计",
             "{} is slow by itself, its readings may be {} ms old (control trusts {} ms): it then counts at its worst"),
    "swing": ("{} 满程降功率 {} s", "{} needs {} s for its full range down"),
    "floor": ("基础负荷每投入 10 kW 至少超限 {} W·s，除非余量更大",
              "each 10 kW of base load that is switched on costs {} W·s over the cap, unless the headroom carries it"),
    "without": ("储能放空或失联时超限：{} W·s，需余量 {} W（{}）",
                "with the battery empty or silent {} W·s go over the cap, {} W of headroom would be needed ({})"),
    "holds": ("上限可以守住", "the cap can be held"),
    "fails": ("上限守不住：", "the cap cannot be held:"),
}


class _Words:
    def __init__(self, language):
        self.language = language

    def __call__(self, pair):
        return {"zh": pair[0], "en": pair[1]}.get(self.language, f"{pair[0]} / {pair[1]}")

    def label(self, key, *values):
        """values: strings, or (zh, en)."""
        zh = [value[0] if isinstance(value, tuple) else value for value in values]
        en = [value[1] if isinstance(value, tuple) else value for value in values]
        return self((LABELS[key][0].format(*zh), LABELS[key][1].format(*en)))


def show(budget, language, console=None):
    """Print everything that a Budget found."""
    console = console or Console()
    words = _Words(language)
    for table in (_buses, _requests, _readings, _reaction, _headroom):
        console.print(table(budget, words))
    for note in _notes(budget, words):
        console.print(note, highlight=False)
    if not budget.findings:
        console.print(words.label("holds"), style="green")
        return
    console.print(words.label("fails"), style="bold red")
    for finding in budget.findings:
        for each in ("zh", "en") if language == "both" else (language,):
            console.print("  " + finding.text(each), style="red", highlight=False, soft_wrap=True, markup=False)


def _table(words, title, *columns):
    table = Table(title=words.label(title), title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right", overflow="fold")
    return table


def _buses(budget, words):
    columns = [words.label(key) for key in ("bus", "rate", "longest", "busy", "busy_ramp")]
    table = _table(words, "buses", *columns)
    cycle_ms = budget.config["cycle_ms"]
    for bus_id, requests in budget.requests.items():
        rate = sum(1000 / each.period_ms for each in requests)
        longest = max([each.line_us for each in requests], default=0) / 1000
        busy, ramp = timing.busy_permille(requests), timing.busy_permille(requests, cycle_ms)
        table.add_row(bus_id, f"{rate:.1f}", f"{longest:.1f}", str(busy), str(ramp))
    return table


def _requests(budget, words):
    columns = [words.label(key) for key in ("device", "kind", "period", "registers", "turnaround", "line")]
    table = _table(words, "requests", *columns)
    for requests in budget.requests.values():
        for each in requests:
            period = "-" if each.period_ms == timing.NEVER_MS else str(each.period_ms)
            turnaround, line = f"{each.turnaround_ms}{' D' if each.is_assumed else ''}", f"{each.line_us / 1000:.1f}"
            table.add_row(each.device, words(KINDS[each.kind]), period, str(each.count), turnaround, line)
    return table


def _readings(budget, words):
    columns = [words.label(key) for key in ("device", "age", "age_silent", "limit")]
    table = _table(words, "readings", *columns)
    for device in budget.config["devices"]:
        age = budget.age_ms(device)
        if age:
            silent, limit = budget.age_ms(device, with_silence=True), budget.age_limit_ms(device)
            shown = ["-" if each is None else str(each) for each in (silent, limit)]
            table.add_row(device["id"], str(age), *shown)
    return table


def _reaction(budget, words):
    columns, chains = [words.label("item")], []
    for answer in budget.answers:
        for key, chain in (("guns", answer.guns), ("storage", answer.storage)):
            if chain is not None:
                columns.append(words.label(key, DISTURBANCES[answer.disturbance.name]))
                chains.append(chain)
    table = _table(words, "reaction", *columns)
    for code, names in ITEMS.items():
        cells = [chain.total_ms if code == "total" else dict(chain.items).get(code) for chain in chains]
        if any(cell is not None for cell in cells):
            table.add_row(words(names), *["-" if cell is None else str(cell) for cell in cells])
    return table


def _headroom(budget, words):
    columns = [words.label("event"), *[words(DISTURBANCES[each.disturbance.name]) for each in budget.answers]]
    table = _table(words, "headroom", *columns)
    headroom_w, tolerance_ws = budget.reaction.headroom_w, budget.tolerance_ws
    for key, value in (
        ("size", lambda each: str(each.disturbance.size_w)),
        ("rise", lambda each: str(each.disturbance.rate_w_s) if each.disturbance.rate_w_s else "-"),
        ("answer", lambda each: words.label("by_storage" if each.storage else "by_guns")),
        ("peak", lambda each: str(each.peak_w)),
        ("need", lambda each: str(each.need_w(tolerance_ws))),
        ("have", lambda each: str(headroom_w)),
        ("over", lambda each: str(each.over_ws(headroom_w))),
        ("over_for", lambda each: str(each.over_for_ms(headroom_w))),
    ):
        table.add_row(words.label(key, str(tolerance_ws)), *[value(each) for each in budget.answers])
    return table


def _notes(budget, words):
    if any(each.is_assumed for requests in budget.requests.values() for each in requests):
        yield words.label("assumed")
    for device in budget.config["devices"]:
        age, limit = budget.age_ms(device), budget.age_limit_ms(device)
        if limit is not None and age > limit:
            yield words.label("slow", device["id"], str(age), str(limit))
    station = budget.reaction.station
    if station.guns:
        swings = [station.max_w[g] * 10 // station.ramp_down_w_s[g] for g in range(station.guns)]
        slowest = max(range(station.guns), key=lambda g: swings[g])
        yield words.label("swing", station.gun_ids[slowest], f"{swings[slowest] / 10:.1f}")
    for answer in budget.answers:
        chain = answer.storage or answer.guns
        if answer.disturbance.name == "base" and chain is not None:
            yield words.label("floor", str(10 * chain.dead_ms))
    for answer in budget.without_storage:
        over_ws, need_w = answer.over_ws(budget.reaction.headroom_w), answer.need_w(budget.tolerance_ws)
        if over_ws > budget.tolerance_ws:
            yield words.label("without", str(over_ws), str(need_w), DISTURBANCES[answer.disturbance.name])
