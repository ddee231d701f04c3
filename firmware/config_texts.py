"""The texts of what can be wrong with a station file, in Chinese and English, and the Problem that carries one.

One line of text says: the place, what is wrong, what was found, what is allowed:

    devices[4].circuit: no such circuit; found "dc-hal"; allowed: grid, dc-hall, ac-row
"""

MISSING = ("missing",)  # found: the key is not there at all

# code: (what is wrong zh, en, what is allowed zh, en). {0}, {1}, ... are the problem's arguments.
TEXTS = {
    # The file
    "file_missing": ("无法读取文件", "the file cannot be read", "可读的 station.json", "a readable station.json"),
    "file_size": ("文件过大", "the file is too large", "最大 {0} 字节", "at most {0} bytes"),
    "file_bom": ("文件以字节顺序标记 (BOM) 开头", "the file starts with a byte order mark (BOM)",
                 "不带 BOM 的 UTF-8", "UTF-8 without a BOM"),
    "file_utf8": ("文件不是 UTF-8 文本", "the file is not UTF-8 text", "不带 BOM 的 UTF-8", "UTF-8 without a BOM"),
    "json_expected": ("JSON 语法错误", "not valid JSON", "{0}", "{0}"),
    "json_more": ("JSON 结束后还有内容", "text after the end of the JSON object", "文件结束", "the end of the file"),
    "json_deep": ("嵌套过深", "nested too deeply", "最多 {0} 层", "at most {0} levels"),
    "json_key_twice": ("同一对象中键重复", "a key twice in one object", "每个键一次", "each key once"),
    "json_string_end": ("字符串没有结束", "a string that does not end", "同一行内的 {0}", "{0} on the same line"),
    "json_control": ("字符串中有控制字符", "a control character in a string", "{0}", "{0}"),
    "json_escape": ("无效的转义", "not a valid escape", "{0}", "{0}"),
    "json_leading_zero": ("数字前有多余的 0", "a number with a leading zero", "不带前导 0 的数字",
                          "a number without leading zeros"),
    "json_long_number": ("数字过长", "a number that is too long", "最多 {0} 个字符", "at most {0} characters"),
    # Shape
    "type_object": ("类型错误", "wrong type", "对象 {{...}}", "an object {{...}}"),
    "type_list": ("类型错误", "wrong type", "列表 [...]", "a list [...]"),
    "type_int": ("类型错误", "wrong type", "整数 {0} 到 {1}{2}", "an integer {0} to {1}{2}"),
    "type_int_null": ("类型错误", "wrong type", "整数 {0} 到 {1}{2}，或 null", "an integer {0} to {1}{2}, or null"),
    "type_bool": ("类型错误", "wrong type", "true 或 false", "true or false"),
    "type_text": ("类型错误", "wrong type", "文字（{0} 到 {1} 个字符）", "text of {0} to {1} characters"),
    "range": ("超出范围", "out of range", "{0} 到 {1}{2}", "{0} to {1}{2}"),
    "choice": ("不允许的值", "not a permitted value", "{0}", "{0}"),
    "length": ("长度不对", "wrong length", "{0} 到 {1} 个字符", "{0} to {1} characters"),
    "count": ("数量不对", "wrong number of entries", "{0} 到 {1} 项", "{0} to {1} entries"),
    "name": ("名称含有不允许的字符", "a character that a name may not have",
             "1 到 32 个字符：A-Z a-z 0-9 . _ -", "1 to 32 characters of A-Z a-z 0-9 . _ -"),
    "host": ("不是主机名或 IP 地址", "not a host name or IP address", "例如 192.168.1.10", "for example 192.168.1.10"),
    "missing": ("缺少必需的键", "a required key is missing", "{0}", "{0}"),
    "unknown_key": ("未知的键", "unknown key", "{0}", "{0}"),
    "unknown_key_near": ("未知的键（是否指 \"{1}\"？）", "unknown key (did you mean \"{1}\"?)", "{0}", "{0}"),
    # References
    "no_such_circuit": ("不存在的回路", "no such circuit", "{0}", "{0}"),
    "no_such_bus": ("不存在的总线", "no such bus", "{0}", "{0}"),
    "no_such_bms": ("不存在的 BMS", "no such BMS", "{0}", "{0}"),
    "bms_shared": ("同一 BMS 用于多个 PCS", "one BMS for more than one PCS", "每个 PCS 各用一个 BMS",
                   "a BMS of its own for each PCS"),
    "unknown_profile": ("未知的设备型号", "unknown profile", "{0}", "{0}"),
    "profile_role": ("设备型号与角色不符", "the profile plays another role", "角色 {0} 的型号：{1}",
                     "a profile of role {0}: {1}"),
    "bus_kind": ("该型号不能接在这种总线上", "the profile does not run on this kind of bus", "{0}", "{0}"),
    "meter_address": ("电表地址含有非数字字符", "a meter address with something else than digits", "12 位数字",
                      "12 digits"),
    "duplicate_id": ("标识重复（已用于 {0}）", "the id is used already (by {0})", "全站唯一的标识",
                     "an id that is unique in its list"),
    "duplicate_unit": ("同一总线上地址重复（已用于 {0}）", "the unit on this bus is used already (by {0})",
                       "每个设备各用一个站号；同站号的多枪须有不同 connector",
                       "a unit for each device; guns of one unit need different connectors"),
    "duplicate_port": ("端口重复（已用于 {0}）", "the port is used already (by {0})", "每条总线一个端口",
                       "one bus for each port"),
    # The tree of circuits
    "no_root": ("没有根回路", "no root circuit", "恰好一个 parent 为 null 的回路",
                "exactly one circuit whose parent is null"),
    "many_roots": ("多个根回路", "more than one root circuit", "恰好一个 parent 为 null 的回路",
                   "exactly one circuit whose parent is null"),
    "cycle": ("回路成环", "the circuits form a cycle", "通向根回路的树", "a tree that leads to the root"),
    # The promise to hold the cap
    "no_grid_meter": ("没有关口电表", "no grid meter", "恰好一个位于根回路 {0} 的 meter",
                      "exactly one meter on the root circuit {0}"),
    "phase_at_grid": ("根回路不能按相设限", "a cap for each phase at the grid connection", "只用于下级回路",
                      "inner circuits only"),
    "phase_of_three": ("三相枪不应写 phase", "a phase for a gun that uses three", "仅用于 phases 为 1 的枪",
                       "only for a gun with phases 1"),
    "phase_fallback": ("{0} 相各枪回落功率之和超过该相上限", "the fall-backs on {0} exceed the cap of a phase",
                       "至少 {1} W", "at least {1} W"),
    "two_pcs": ("多台储能变流器（已有 {0}）", "more than one PCS (there is {0} already)",
                "本版本只控制一台 pcs", "one pcs: this version controls one"),
    "two_grid_meters": ("多个关口电表（已有 {0}）", "more than one grid meter (there is {0} already)",
                        "恰好一个位于根回路的 meter", "exactly one meter on the root circuit"),
    "fallback_over_cap": ("各枪回落功率之和加基础负荷超过上限；控制器失效时无法保证不超限",
                          "the fall-backs of the guns and the base load exceed the cap; it could not hold without the "
                          "controller",
                          "至少 {0} W（无看门狗的枪按 max_w 计）",
                          "at least {0} W (a gun without a watchdog counts with its max_w)"),
    "not_above": ("大于 {0}", "greater than {0}", "最大 {1}", "at most {1}"),
    "watchdog_none": ("该型号没有看门狗", "this profile has no watchdog", "null", "null"),
    "storage_first": ("储能比充电枪先放手：PCS 看门狗短于枪 {0} 的看门狗加降功率时间",
                      "the storage would let go first: its watchdog is shorter than that of gun {0} and its ramp down",
                      "至少 {1} s，或 null", "at least {1} s, or null"),
    "ct_pt": ("CT 变比乘 PT 变比过大", "CT ratio times PT ratio is too large",
              "乘积最大 {0}", "a product of at most {0}"),
    # The drivers, and the latency budget
    "not_installed": ("控制板上未安装其驱动", "its driver is not installed on this board", "为此站点文件重新安装固件",
                      "the firmware installed again for this station file"),
    "reading_old": ("读数最旧时控制已不采信（ms）", "the readings become older than control trusts (ms)",
                    "最多 {0}", "at most {0}"),
    "refresh_slow": ("看门狗短于设定值最慢的刷新间隔",
                     "the watchdog is shorter than the slowest refresh of the setpoint",
                     "至少 {0} s，或 null", "at least {0} s, or null"),
    # The board
    "board_port": ("该控制板没有此串口", "the board has no such port", "{0}", "{0}"),
    "board_pin": ("该控制板没有此输入", "the board has no such input", "{0}", "{0}"),
    "board_tcp": ("TCP 连接数超过该控制板（含 MQTT）", "more TCP connections than the board has (MQTT included)",
                  "最多 {0}", "at most {0}"),
    "not_with_uart": ("不能与 mqtt.uart 同时使用", "not together with mqtt.uart",
                      "不写此项（DTU 自己保存地址）", "leave it out (the DTU has the address)"),
    "same_pin": ("同一输入用于两个功能（已用于 {0}）", "the input has another use already ({0})", "各用一个输入",
                 "an input of its own"),
}


class Problem:
    """One thing wrong with a station file.

    path: the place in the file, `devices[3].circuit` or `station.json:12:5` (line and column).
    code: a key of TEXTS. found: the value that was found. args: the arguments of the texts.
    """

    def __init__(self, path, code, found, *args):
        self.path = path
        self.code = code
        self.found = found
        self.args = args

    def text(self, language):
        """One line in "zh" or "en"."""
        wrong_zh, wrong_en, allowed_zh, allowed_en = TEXTS[self.code]
        if language == "zh":
            return "{}：{}；发现：{}；允许：{}".format(
                self.path, wrong_zh.format(*self.args), show(self.found, "（无）"), allowed_zh.format(*self.args))
        return "{}: {}; found {}; allowed: {}".format(
            self.path, wrong_en.format(*self.args), show(self.found, "nothing"), allowed_en.format(*self.args))


def show(value, nothing):
    """A found value as the file would spell it, shortened to about 60 characters."""
    if value is MISSING:
        return nothing
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + (value if len(value) <= 60 else value[:57] + "...") + '"'
    if isinstance(value, (dict, list)):
        return ("{{...}} ({})" if isinstance(value, dict) else "[...] ({})").format(len(value))
    return str(value)
