"""The screen of the live view: a `State` in, something rich can print out. No terminal, no clock of its own."""

from rich import box
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tools.view_state import State

LANGUAGES = ("zh", "en", "both")

LABELS = {
    "cap": ("上限", "cap"),
    "grid": ("电网", "grid"),
    "pv": ("光伏", "PV"),
    "base": ("其他负荷", "base load"),
    "room": ("余量", "room"),
    "storage": ("储能", "storage"),
    "gun": ("枪", "gun"),
    "state": ("状态", "state"),
    "draw": ("实测 kW", "draw kW"),
    "grant": ("批准 kW", "grant kW"),
    "reason": ("原因", "reason"),
    "cycle": ("周期", "cycle"),
    "late": ("迟到", "late"),
    "missed": ("丢失", "missed"),
    "breaches": ("不变式破坏", "breaches"),
    "limits": ("调度限值", "limits in force"),
    "alarms": ("告警", "alarms"),
    "none": ("无", "none"),
    "last": ("上次消息", "last message"),
    "ago": ("前", "ago"),
    "online": ("在线", "online"),
    "offline": ("离线", "OFFLINE"),
    "silent": ("静默：以下为旧数据", "SILENT: what follows is old"),
    "waiting": ("等待站点消息……", "waiting for the station ..."),
    "no_broker": ("未连接 MQTT 服务器", "not connected to the broker"),
    "estop": ("急停", "EMERGENCY STOP"),
    "not_understood": ("无法识别的消息", "messages not understood"),
    "setpoint": ("设定", "setpoint"),
    "ladder": ("降级", "ladder"),
    "contract": ("合同", "contract"),
}
STATES = {
    "idle": ("空闲", "idle"),
    "preparing": ("准备", "preparing"),
    "charging": ("充电", "charging"),
    "suspended": ("暂停", "suspended"),
    "fault": ("故障", "fault"),
    "unavailable": ("停用", "unavailable"),
    None: ("未知", "unknown"),
}
_BAR = 8  # cells

LADDER = ("fresh", "held", "pessimistic", "open loop", "fall-back", "contactor")


class _Words:
    """Picks the language. Text that came from outside is stripped of what could steer the terminal."""

    def __init__(self, language: str):
        if language not in LANGUAGES:
            raise ValueError(f"language: found {language!r}, allowed {', '.join(LANGUAGES)}")
        self._language = language

    def pick(self, zh: str, en: str, joint: str = " ") -> str:
        if self._language == "both":
            return clean(zh) + joint + clean(en)
        return clean(zh if self._language == "zh" else en)

    def label(self, key: str) -> str:
        return self.pick(*LABELS[key])

    def heading(self, key: str) -> str:
        return self.pick(*LABELS[key], "\n")

    def state(self, key) -> str:
        return self.pick(*STATES[key], "\n")


def clean(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)


def kw(watts: int | None) -> str:
    return "-" if watts is None else f"{watts / 1000:.1f}"


def bar(power_w: int | None, grant_w: int | None, full_w: int, width: int = _BAR) -> Text:
    """Draw as full blocks, the granted but unused part shaded, the rest of what the gun can do as dots."""
    full_w = max(full_w, 1)
    drawn = min(width, round(abs(power_w or 0) / full_w * width))
    granted = min(width, round(max(0, grant_w or 0) / full_w * width))
    text = Text("█" * drawn, style="cyan" if (power_w or 0) < 0 else "green")
    text.append("▒" * max(0, granted - drawn), style="yellow")
    text.append("·" * (width - max(drawn, granted)), style="dim")
    return text


def render(state: State, now_s: float, language: str = "both"):
    """The whole screen for a console of 80 columns or more."""
    words = _Words(language)
    parts = [_head(state, now_s, words)]
    if state.telemetry is not None:
        telemetry = state.telemetry
        parts += [_power(telemetry, words), _guns(state, words), _limits(telemetry, words)]
        parts += [_alarms(telemetry, words), _cycle(telemetry, words)]
    if state.not_understood:
        text = f"{state.not_understood} {words.label('not_understood')} ({clean(state.last_problem)})"
        parts.append(Text(text, style="red"))
    silent = state.silent(now_s) or state.online is False
    return Panel(
        Group(*parts),
        title=Text(f"光储 Guangchu · {clean(state.station)}"),
        border_style="red" if silent else "green",
        style="dim" if silent else "",
        box=box.ROUNDED,
        padding=(0, 0),
    )


def _head(state: State, now_s: float, words: _Words) -> Text:
    text = Text()
    if not state.linked:
        text.append(f"{words.label('no_broker')}  ", style="bold red not dim")
    if state.online is not None:
        key = "online" if state.online else "offline"
        text.append(f"{words.label(key)}  ", style="bold green" if state.online else "bold white on red not dim")
    age_s = state.age_s(now_s)
    if age_s is None:
        return text.append(words.label("waiting"), style="bold not dim")
    text.append(f"{words.label('last')}: {age_s:.1f} s {words.label('ago')}  #{state.telemetry['seq']}")
    if state.silent(now_s):
        text.append(f"\n{words.label('silent')} ({age_s:.0f} s)", style="bold white on red not dim")
    if state.telemetry["estop"]:
        text.append(f"\n{words.label('estop')}", style="bold white on red not dim")
    return text


def _power(telemetry: dict, words: _Words) -> Table:
    cap, grid = telemetry["cap"], telemetry["grid"]
    table = Table(box=None, show_header=False, padding=(0, 1), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(ratio=1)
    source = words.label("contract") if cap["source"] == "contract" else clean(cap["source"])
    table.add_row(words.label("cap"), f"{kw(cap['w'])} kW", f"{clean(cap['circuit'])} / {source}")
    over = grid["w"] is not None and grid["w"] > cap["w"]
    age = "-" if grid["age_ms"] is None else f"{grid['age_ms']} ms"
    note = bar(grid["w"], None, cap["w"], 24).append(f" {age} {grid['quality']}", style="default")
    table.add_row(words.label("grid"), Text(f"{kw(grid['w'])} kW", style="bold red" if over else ""), note)
    for each in telemetry["pv"]:
        table.add_row(f"{words.label('pv')} {clean(each['id'])}", f"{kw(each['w'])} kW", each["quality"])
    for each in telemetry["storage"]:
        soc = "-" if each["soc_permille"] is None else f"{each['soc_permille'] / 10:.1f} %"
        note = f"SOC {soc}  {words.label('setpoint')} {kw(each['setpoint_w'])} kW\n{_reason(each, words)}"
        table.add_row(f"{words.label('storage')} {clean(each['id'])}", f"{kw(each['w'])} kW", note)
    room = f"{words.label('room')} {kw(telemetry['room_w'])} kW"
    ladder = f"{words.label('ladder')} {telemetry['ladder']} ({LADDER[telemetry['ladder']]})"
    table.add_row(words.label("base"), f"{kw(telemetry['base_w'])} kW", f"{room}  {ladder}")
    return table


def _reason(each: dict, words: _Words) -> str:
    return words.pick(each["reason"]["zh"], each["reason"]["en"], "\n")


def _guns(state: State, words: _Words) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), expand=True, show_edge=False)
    table.add_column(words.heading("gun"), no_wrap=True)
    table.add_column(words.heading("state"), min_width=8)
    table.add_column("SOC", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, width=_BAR)
    table.add_column(words.heading("draw"), justify="right", min_width=7)
    table.add_column(words.heading("grant"), justify="right", min_width=7)
    table.add_column(words.heading("reason"), ratio=1, overflow="fold")
    for gun in state.telemetry["guns"]:
        soc = "-" if gun["soc_permille"] is None else f"{gun['soc_permille'] / 10:.0f}%"
        full_w = state.gun_max_w(gun["id"]) or max(abs(gun["power_w"] or 0), gun["grant_w"] or 0)
        cells = [clean(gun["id"]), words.state(gun["state"]), soc, bar(gun["power_w"], gun["grant_w"], full_w)]
        grant = kw(gun["grant_w"])
        if gun["held_w"] is not None and gun["held_w"] != gun["grant_w"]:
            grant += f"\n({kw(gun['held_w'])})"
        table.add_row(*cells, kw(gun["power_w"]), grant, _reason(gun, words))
    return table


def _limits(telemetry: dict, words: _Words) -> Text:
    text = Text(f"{words.label('limits')}: ")
    if not telemetry["limits"]:
        return text.append(words.label("none"))
    for each in telemetry["limits"]:
        what = clean(each["circuit"] if "circuit" in each else each["gun"])
        left = "" if each["expires_s"] is None else f" ({each['expires_s']} s)"
        shown = f"{clean(each['source'])} {what} {kw(each['w'])} kW{left}  "
        text.append(shown, style="yellow")
    return text


def _alarms(telemetry: dict, words: _Words) -> Text:
    text = Text(f"{words.label('alarms')}: ")
    if not telemetry["alarms"]:
        return text.append(words.label("none"))
    for each in telemetry["alarms"]:
        text.append(f"\n  {clean(each['device'])}: {words.pick(each['zh'], each['en'], ' / ')}", style="red")
    return text


def _cycle(telemetry: dict, words: _Words) -> Text:
    cycle = telemetry["cycle"]
    late = f"{cycle['late_p50_ms']}/{cycle['late_p99_ms']}/{cycle['late_max_ms']} ms"
    heap = "" if telemetry["heap_free"] is None else f"  heap {telemetry['heap_free'] // 1024} KB"
    text = Text(f"{words.label('cycle')} {cycle['count']}  {words.label('late')} p50/p99/max {late}")
    text.append(f"  step {cycle['step_us_max']} us{heap}\n")
    text.append(f"{words.label('missed')} {cycle['missed']}", style="red" if cycle["missed"] else "default")
    breaches = telemetry["invariant_breaches"]
    return text.append(f"  {words.label('breaches')} {breaches}", style="red" if breaches else "default")
