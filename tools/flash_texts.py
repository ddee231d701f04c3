"""What the flashing tool says, in Chinese and English: key: (zh, en), with {names} for what was found."""

TEXTS = {
    # Progress
    "built": ("{board} 固件，构建 {build}（站点 {station}），{count} 个文件",
              "firmware for {board}, build {build} (station {station}), {count} files"),
    "connecting": ("连接 {port}", "connecting to {port}"),
    "stopping": ("请正在运行的站控先进入安全状态，再停下",
                 "asking the running station to go to its safe state and stop"),
    "board_is": ("{machine}，MicroPython {version}，可用闪存 {free} B",
                 "{machine}, MicroPython {version}, {free} B of flash free"),
    "finishing": ("先完成上次被中断的更新", "first finishing an update that was interrupted"),
    "nothing": ("板上已是构建 {build}，无需写入", "the board already holds build {build}, nothing to write"),
    "plan": ("写入 {send} 个文件（{bytes} B），保留 {same} 个，删除 {remove} 个",
             "{send} files to write ({bytes} B), {same} stay, {remove} go"),
    "in_place": ("闪存放不下新旧两份，分 {packs} 批写入：期间板子标为“未完成”，若中断须重新运行",
                 "no room for the old and the new side by side, so it goes in {packs} parts: meanwhile the board is "
                 "marked incomplete, and after an interruption this must be run again"),
    "sent": ("已发送 {percent} %（{done}/{of} B）", "sent {percent} % ({done}/{of} B)"),
    "unpacking": ("已核对，板上展开中", "checked; the board puts the files into place"),
    "verified": ("{count} 个文件的 SHA-256 已在板上逐一核对",
                 "the SHA-256 of all {count} files was checked on the board"),
    "switched": ("已切换到新固件", "switched to the new firmware"),
    "resetting": ("复位，等待站控的第一句话", "reset; waiting for the first words of the station"),
    "says": ("  | {line}", "  | {line}"),
    "done": ("完成：站点 {station} 正在运行，构建 {build}", "done: station {station} runs, build {build}"),
    # Refusals and failures
    "file": ("{path}：无法读取：{error}", "{path}: cannot be read: {error}"),
    "keys": ("{path}：发现 {found}；允许：一个 JSON 对象，最多 {most} 字节",
             "{path}: found {found}; allowed: one JSON object, at most {most} bytes"),
    "station_board": ("board：发现 {found}；允许：{board}（BOARD）", "board: found {found}; allowed: {board} (BOARD)"),
    "over_budget": ("延迟预算守不住上限，未刷写；确要刷写：OVER_BUDGET=1（--over-budget）",
                    "the latency budget does not hold the cap, nothing was flashed; to flash it all the same: "
                    "OVER_BUDGET=1 (--over-budget)"),
    "no_port": ("{port}：打不开：{error}", "{port}: cannot be opened: {error}"),
    "no_repl": ("{port}：没有 MicroPython 应答（{seconds} s）；收到：{found}。检查端口与接线，或按板上的复位键后重试",
                "{port}: no MicroPython answered within {seconds} s; received: {found}. Check the port and the cable, "
                "or press the board's reset button and try again"),
    "nonsense": ("{port}：应答无法理解：{found}。板上为{state}；再次运行即可继续",
                 "{port}: an answer that cannot be understood: {found}. The board holds {state}; repeat to go on"),
    "lost": ("{port}：连接中断：{error}。板上为{state}；接好后再次运行即可继续",
             "{port}: the connection was lost: {error}. The board holds {state}; connect it again and repeat to go on"),
    "interrupted": ("已中断。板上为{state}；再次运行即可继续", "interrupted. The board holds {state}; repeat to go on"),
    "silent": ("{port}：板子 {seconds} s 没有应答。板上为{state}；再次运行即可继续",
               "{port}: the board did not answer for {seconds} s. The board holds {state}; repeat to go on"),
    "wrong_board": ("板子不对：发现 {found}；允许：{allowed}", "the wrong board: found {found}; allowed: {allowed}"),
    "old_micropython": ("MicroPython 太旧：发现 {found}；允许：>= {allowed}",
                        "MicroPython is too old: found {found}; allowed: >= {allowed}"),
    "other_mpy": ("MicroPython {version} 读不了本固件的 .mpy：发现 {found}；允许：{allowed}",
                  "MicroPython {version} cannot read this firmware's .mpy: found {found}; allowed: {allowed}"),
    "full": ("闪存不够：需要 {need} B，可用 {free} B，缺 {missing} B",
             "not enough flash: {need} B needed, {free} B free, {missing} B missing"),
    "board_error": ("板子报错：{error}", "the board reports: {error}"),
    "damaged": ("{path}：板上内容不对（SHA-256 {found}，应为 {allowed}），请再次运行",
                "{path}: not what was sent (SHA-256 {found}, should be {allowed}); run it again"),
    "no_first_words": ("站控没有在 {seconds} s 内启动；收到：{found}",
                       "the station did not start within {seconds} s; received: {found}"),
    "not_started": ("站控没有启动；收到：{found}", "the station did not start; received: {found}"),
    # What the board holds
    "state_old": ("原来的内容，照常启动", "what it had before, and starts it"),
    "state_switching": ("原来的或新的固件，均完整", "the old or the new firmware, whole"),
    "state_incomplete": ("未完成的固件，不启动站控", "an incomplete firmware, and starts no station"),
    "state_new": ("新固件，启动时自行完成切换", "the new firmware; a start completes the switch by itself"),
}  # fmt: skip


class FlashError(Exception):
    """What went wrong: a key of TEXTS and its facts. `says(language)` gives the sentence."""

    def __init__(self, key, **facts):
        super().__init__(key)
        self.key, self.facts = key, facts

    def says(self, language):
        return "\n".join(sentences(self.key, language, self.facts))

    def __str__(self):
        return self.says("en")


def sentences(key, language, facts):
    """The sentence in one language, or in both, Chinese first. The fact `state` is a key of TEXTS itself."""
    found = []
    for index, each in enumerate(("zh", "en")):
        if language in (each, "both"):
            known = {name: TEXTS[value][index] if name == "state" else value for name, value in facts.items()}
            found.append(TEXTS[key][index].format(**known))
    return list(dict.fromkeys(found))
