"""The sentences of the station in Chinese and English: why a gun has what it has, and what is wrong.

ONE table, code -> (zh, en); `control.reasons` gives the codes their integers. A sentence may hold positional numbers,
written `{n:kind}`:

    {0:kw}   a power in W, shown in kW with one decimal
    {0:s}    a duration in ms, shown in s with one decimal
    {0:pct}  permille, shown in % with one decimal
    {0:n}    a number as it is
    {0:c}    an index into the circuits of the station file, shown as the circuit's id
    {0:t}    a short text as it is

A number that is not known (None, or not given) is shown as `?`: a text never raises.
"""

from control.reasons import GUN_REASONS, STORAGE_REASONS

ALARMS = (
    "device_silent",
    "meter_stale",
    "meter_frozen",
    "pv_stale",
    "gun_deaf",
    "gun_disobedient",
    "pcs_silent",
    "bms_limit",
    "invariant_breach",
    "emergency_stop",
    "cycle_missed",
    "config_refused",
    "mqtt_limit_active",
    "bus_port_missing",
    "reality_worse_than_budget",
)

REASON_TEXTS = {
    # guns
    "idle": ("无车", "no vehicle"),
    "starting": ("启动中，已批 {0:kw}", "starting, granted {0:kw}"),
    "takes_what_it_asks": ("按车辆需求供电", "takes all it asks for"),
    "gun_limit": ("已到本枪上限 {0:kw}", "at the gun's own limit {0:kw}"),
    "cap_binds": ("{0:c} 限额分摊：批 {1:kw}，共可分 {2:kw}", "{0:c} cap is shared: {1:kw} of {2:kw}"),
    "waits_for_room": ("等待余量：需 {0:kw}，现有 {1:kw}", "waits for room: wants {0:kw}, free {1:kw}"),
    "waits_minimum": (
        "最小功率 {0:kw} 放不下：{1:c} 共 {2:kw}；{3:s} 后轮换",
        "minimum {0:kw} does not fit: {1:c} has {2:kw}; turns change in {3:s}",
    ),
    "hold_stale_meter": ("电表数据 {0:s} 未更新，只降不升", "meter {0:s} old: held, no increase"),
    "pessimistic": ("电表失联 {0:s}，按最坏情况分配", "meter lost {0:s}: worst case assumed"),
    "open_loop": ("电表失联 {0:s}，开环运行", "meter lost {0:s}: open loop"),
    "deaf": ("枪无应答，按 {0:kw} 占用计", "gun does not answer, counted at {0:kw}"),
    "falls_back": ("枪已退回本地限值 {0:kw}", "gun fell back to its own {0:kw}"),
    "disobedient": ("枪不听令：实测 {0:kw}，限值 {1:kw}", "gun disobeys: draws {0:kw}, limit {1:kw}"),
    "emergency_stop": ("急停", "emergency stop"),
    "limit_in_force": ("{0:c} 调度限值 {1:kw}", "dispatch limit {1:kw} on {0:c}"),
    "device_fault": ("设备故障", "device fault"),
    # storage
    "standby": ("待机", "standby"),
    "peak_shaving": ("削峰放电 {0:kw}", "peak shaving with {0:kw}"),
    "charging_surplus": ("余电充电 {0:kw}", "charges PV surplus {0:kw}"),
    "charging_room": ("用余量充电 {0:kw}", "charges out of free room {0:kw}"),
    "soc_reserve": ("SOC 到保留值 {0:pct}，停止放电", "SOC at its reserve {0:pct}: no discharge"),
    "bms_limit": ("BMS 限制：充 {0:kw}，放 {1:kw}", "BMS limits: charge {0:kw}, discharge {1:kw}"),
    "pcs_silent": ("储能变流器无应答", "PCS does not answer"),
}

ALARM_TEXTS = {
    "device_silent": ("设备 {0:s} 无应答", "device silent for {0:s}"),
    "meter_stale": ("电表数据 {0:s} 未更新", "meter data {0:s} old"),
    "meter_frozen": ("电表数值 {0:s} 不变，视为失效", "meter value frozen for {0:s}: not trusted"),
    "pv_stale": ("光伏数据 {0:s} 未更新，按 0 计", "PV data {0:s} old: counted as 0"),
    "gun_deaf": ("枪无应答，按 {0:kw} 占用计", "gun does not answer, counted at {0:kw}"),
    "gun_disobedient": ("枪不听令：实测 {0:kw}，限值 {1:kw}", "gun disobeys: draws {0:kw}, limit {1:kw}"),
    "pcs_silent": ("储能变流器 {0:s} 无应答", "PCS silent for {0:s}"),
    "bms_limit": ("BMS 限制功率：充 {0:kw}，放 {1:kw}", "BMS limits power: charge {0:kw}, discharge {1:kw}"),
    "invariant_breach": ("限额不变式被破坏，超 {0:kw}", "cap invariant broken by {0:kw}"),
    "emergency_stop": ("急停已触发，需现场复位", "emergency stop: release it on site"),
    "cycle_missed": ("控制周期丢失 {0:n} 次", "{0:n} control cycles missed"),
    "config_refused": ("站点文件有 {0:n} 处错误，沿用旧文件", "station file has {0:n} errors: the old one stays"),
    "mqtt_limit_active": ("{0:c} 调度限值 {1:kw} 生效", "dispatch limit {1:kw} in force on {0:c}"),
    "bus_port_missing": ("总线端口打不开", "bus port cannot be opened"),
    "reality_worse_than_budget": (
        "实测差于延迟预算：{0:n}，预算 {1:n}（设备读数年龄 ms，总线占用 ‰）",
        "worse than the latency budget: {0:n}, budget {1:n} (device: age in ms, bus: permille busy)",
    ),
}

# Answers to commands. Arguments as above, in the order given by firmware/commands.py.
ACK_TEXTS = {
    "limit_set": ("限值已生效：{0:c} {1:kw}，{2:n} 秒", "limit in force: {0:c} {1:kw} for {2:n} s"),
    "stopped": ("急停已执行，需现场复位", "emergency stop done: release it on site"),
    "too_large": ("报文 {0:n} 字节，最多 {1:n}", "message of {0:n} bytes, allowed at most {1:n}"),
    "bad_json": ("报文不是 JSON 对象", "message is not a JSON object"),
    "bad_id": ("id 应为 1 至 64 个可打印 ASCII 字符", "id: allowed 1 to 64 printable ASCII characters"),
    "bad_field": ("字段 {0:t}：收到 {1:t}，允许 {2:t}", "field {0:t}: found {1:t}, allowed {2:t}"),
    "not_supported": ("不支持的命令类型 {0:t}，允许 {1:t}", "command type {0:t} not supported, allowed {1:t}"),
    "unknown_circuit": ("没有回路 {0:t}，现有 {1:t}", "no circuit {0:t}, known {1:t}"),
    "would_loosen": ("只能收紧：现为 {0:kw}，请求 {1:kw}", "may only tighten: {0:kw} in force, {1:kw} asked"),
    "id_reused": ("此 id 已用于另一条命令", "this id was used for another command"),
}


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
    zh, en = REASON_TEXTS[code]
    return {"code": code, "zh": fill(zh, args, circuits), "en": fill(en, args, circuits)}


__all__ = ("ACK_TEXTS", "ALARMS", "ALARM_TEXTS", "GUN_REASONS", "REASON_TEXTS", "STORAGE_REASONS", "fill", "reason")
