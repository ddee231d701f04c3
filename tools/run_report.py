"""What a run says: one line of progress every ten seconds, a table at the end, and the figures as JSON."""

import json
import os
from pathlib import Path

OWN = (
    "cycles",
    "cycles_missed",
    "cycle_late_p99_ms",
    "cycle_late_max_ms",
    "invariant_breaches",
)  # the controller's word for it

TABLE = (  # figure, zh, en, unit, decimals
    ("cap_kw", "上限", "cap", "kW", 1),
    ("mean_import_kw", "平均进线功率", "mean import", "kW", 1),
    ("mean_import_last_30s_kw", "最后 30 s 平均进线功率", "mean import, last 30 s", "kW", 1),
    ("over_cap_kws", "超上限", "over the cap", "kW·s", 3),
    ("over_cap_peak_kw", "超上限峰值", "over the cap, peak", "kW", 2),
    ("over_cap_longest_s", "最长超限时间", "over the cap, longest", "s", 2),
    ("plant_invariant_breaches", "枪内实际限值越界步数", "held limits above the cap", "x 20 ms", 0),
    ("served_kwh", "已充电量", "served", "kWh", 2),
    ("wanted_kwh", "车辆需求电量", "wanted", "kWh", 2),
    ("cycles", "控制周期 (控制器自报)", "cycles (its own figure)", "", 0),
    ("cycles_missed", "漏周期 (控制器自报)", "cycles missed (its own figure)", "", 0),
    ("cycle_late_p99_ms", "周期延迟 p99 (控制器自报)", "cycle late p99 (its own figure)", "ms", 1),
    ("cycle_late_max_ms", "周期最大延迟 (控制器自报)", "cycle late max (its own figure)", "ms", 1),
    ("invariant_breaches", "不变式违反 (控制器自报)", "invariant breaches (its own figure)", "", 0),
    ("bare_tick_late_p99_ms", "空载节拍延迟 p99", "bare tick late p99", "ms", 1),
    ("bare_tick_late_max_ms", "空载节拍最大延迟", "bare tick late max", "ms", 1),
    ("meter_polls", "总线上的电表读取", "meter polls on the wire", "", 0),
    ("meter_largest_gap_ms", "电表读取最大间隔", "meter polls, largest gap", "ms", 0),
    ("mqtt_messages", "收到的 MQTT 消息", "MQTT messages received", "", 0),
    ("physics_late_p99_ms", "仿真延迟 p99", "physics late p99", "ms", 1),
)


def in_language(zh, en, language):
    return {"zh": zh, "en": en}.get(language, f"{zh} / {en}")


def progress(plant, figures, language):
    now_s, grid_kw, guns_kw = plant.time_s, plant.grid_w / 1000, plant.guns_w / 1000
    pv_kw, storage_kw, over_kws = plant.pv_w / 1000, plant.storage_w / 1000, figures.over_cap.kws
    if language == "zh":
        power = f"进线 {grid_kw:6.1f} kW  枪 {guns_kw:6.1f}  光伏 {pv_kw:6.1f}  储能 {storage_kw:+6.1f}"
        return f"{now_s:5.0f} s  {power}  超限 {over_kws:.2f} kW·s"
    power = f"import {grid_kw:6.1f} kW  guns {guns_kw:6.1f}  PV {pv_kw:6.1f}  storage {storage_kw:+6.1f}"
    return f"{now_s:5.0f} s  {power}  over {over_kws:.2f} kW·s"


def summary(figures, language):
    """The table at the end, as lines."""
    lines = [f"{figures['scenario']}  {figures['seconds']:.0f} s"]
    for key, zh, en, unit, decimals in TABLE:
        value = figures.get(key)
        text = "-" if value is None else f"{value:.{decimals}f}"
        lines.append(f"  {text:>10} {unit:<7} {in_language(zh, en, language)}")
    served = ", ".join(f"{gun} {energy_kwh:.2f}" for gun, energy_kwh in figures["served_per_gun_kwh"].items())
    lines.append(f"  {in_language('各枪电量', 'served per gun', language)} (kWh): {served}")
    for failure in figures["failures"]:
        lines.append(f"  ✗ {in_language(failure['zh'], failure['en'], language)}")
    if figures["interrupted"]:
        lines.append("  " + in_language("已中断，结果未判定", "interrupted: the outcome was not judged", language))
    elif not figures["failures"]:
        lines.append(
            "  ✓ " + in_language("运行有效，结果符合场景要求", "the run was sound and showed what it must", language)
        )
    return lines


def write_json(path, figures):
    """Figures to a file, whole or not at all. Raises OSError."""
    path = Path(path)
    text = json.dumps(figures, ensure_ascii=False, indent=2) + "\n"
    if path.exists() and not path.is_file():  # /dev/stdout and the like
        path.write_text(text, encoding="utf-8")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)
