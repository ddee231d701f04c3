"""Which fields the commands of a station have, and who may give them, as docs/mqtt.md says: so that a wrong call is
told before anything is signed.

A form is (fields that must be there, fields with one value, authorities, Chinese, English).
"""

FORMS = {
    "limit": (
        (("circuit", "limit_w", "expires_s"), {}, ("operator", "grid"),
         "回路限值：circuit 不得超过 limit_w（W），自下达起 expires_s 秒",
         "no more than limit_w (W) on circuit, for expires_s seconds from now"),
        (("circuit",), {"limit_w": None}, ("operator", "grid"),
         "撤销本机构在该回路的限值", "end what this authority has set on circuit"),
    ),
    "gun": (
        (("gun", "limit_w", "expires_s"), {"action": "limit"}, ("operator", "service"),
         "限制一把枪；低于其最小功率则暂停", "limit one gun; below its minimum it pauses"),
        (("gun", "expires_s"), {"action": "stop"}, ("operator", "service"),
         "停止一把枪，expires_s 秒内不启动", "end the session of one gun; it does not start for expires_s seconds"),
        (("gun",), {"action": "start"}, ("operator", "service"),
         "撤销本机构对该枪的限制和停止", "end what this authority has ordered of the gun"),
    ),
    "dispatch": (
        (("storage_w", "expires_s"), {}, ("operator", "grid"),
         "储能功率（正为充电，W），在全部限值之内执行", "power of the storage (W, + charges), inside every limit"),
        ((), {"storage_w": None}, ("operator", "grid"), "撤销储能调度", "the storage is on its own again"),
    ),
    "emergency_stop": (
        ((), {}, ("operator", "grid", "service"), "急停；只能现场复位", "emergency stop; it is released on site only"),
    ),
    "maintenance": (
        ((), {"action": "restart"}, ("service",), "进入安全状态后重新启动", "safe state, then a new start"),
        (("gun",), {"action": "out_of_service"}, ("service",), "停用一把枪", "take a gun out of service"),
        (("gun",), {"action": "in_service"}, ("service",), "恢复使用一把枪", "take it back into service"),
    ),
    "config": (
        (("telemetry_ms",), {}, ("service",),
         "遥测周期（200..60000 ms；null 为站点文件的值）",
         "period of telemetry (200..60000 ms; null: the station file's)"),
    ),
    "time": (
        (("asked",), {}, ("operator", "grid", "service"),
         "回答最新 clock 报文中的 asked", "the answer to `asked` of the newest clock message"),
    ),
}  # fmt: skip


def usage(kind: str) -> str:
    """How commands of one type are written, a line for each form."""
    lines = []
    for wanted, fixed, authorities, zh, en in FORMS[kind]:
        words = [f"{name}={'null' if value is None else value}" for name, value in fixed.items()]
        words += [f"{name}=..." for name in wanted]
        lines.append(f"  {' '.join([kind, *words])}\n      {zh} / {en} ({', '.join(authorities)})")
    return "\n".join(lines)


def authority_for(kind: str) -> str:
    """The authority that usually gives this type: the operator where he may."""
    may = FORMS[kind][0][2] if kind in FORMS else ("operator",)
    return "operator" if "operator" in may else may[0]


def check(kind: str, fields: dict) -> None:
    """Raises ValueError when no form of this type has just these fields. Types that are not here pass: stations of
    later versions may know them, and every station answers what it does not know. Values are the station's to judge."""
    if kind not in FORMS or (kind == "emergency_stop"):
        return
    ends = {name for form in FORMS[kind] for name, value in form[1].items() if value is None}
    for wanted, fixed, *_ in FORMS[kind]:
        if set(fields) == {*wanted, *fixed} and all(fields[name] == value for name, value in fixed.items()):
            if not any(fields[name] is None for name in wanted if name in ends):
                return
    found = " ".join(f"{name}={value}" for name, value in fields.items()) or "-"
    raise ValueError(f"{kind}: 收到 / found: {found}\n允许 / allowed:\n{usage(kind)}")
