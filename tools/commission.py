"""What has the running station seen of its guns' lags and ramps, and what should its station file say?

    python -m tools.commission station.json --host broker --out station.measured.json
    python -m tools.commission station.json --host broker --step gun1=20000 --keys keys.json --out station.measured.json

Without --step it only listens. A step lowers the limit of one charging gun for some seconds, by the signed command
`gun`, which ends by itself; so often that two observations confirm each other. The copy of the station file has the
measured values with the margins of docs/commissioning.md.
Ends with 0 when every gun asked for has enough observations, 1 when one has not, 2 without an answer of the station,
3 for a wrong call.
"""

import argparse
import json
import queue
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from firmware import config as station_config
from tools import commission_values, send
from tools.platform import link, signing

ENOUGH, NOT_ENOUGH, NO_ANSWER, WRONG_CALL = 0, 1, 2, 3
STEPS = 3
_HELD_S = 12
_ANSWER_S = 10.0
_RECOVERY_S = 40.0
_AGAIN_S = 4.0  # between two steps: no older limit may act any more
_HEARD_S = 30.0
_MARGIN_W = 20_000  # what a gun should draw above the step, so that its fall can be measured
_HEADINGS = {
    "lag_ms": ("滞后 ms", "lag ms"), "ramp_down_w_s": ("降速 W/s", "fall W/s"), "ramp_up_w_s": ("升速 W/s", "rise W/s")
}  # fmt: skip


class Problem(Exception):
    """code: the program's end; text in both languages."""

    def __init__(self, code: int, zh: str, en: str):
        self.code = code
        super().__init__(f"{zh} / {en}")


class Heard:
    """The newest `response` of each gun and the newest telemetry; paho's thread feeds a queue, `until` empties it."""

    def __init__(self, client, options, station: str):
        self.responses, self.power_w = {}, {}
        self._queue = queue.SimpleQueue()
        root = f"{link.ROOT}{station}/"
        topics = [(root + "response", 1), (root + "telemetry", 1)]
        client.on_connect = lambda client, userdata, flags, reason, properties: (
            print(f"broker: {reason}", file=sys.stderr) if reason.is_failure else client.subscribe(topics)
        )
        client.on_message = lambda client, userdata, message: self._queue.put((message.topic, message.payload))
        try:
            client.connect(options.host, options.port, keepalive=30)
        except OSError as error:
            raise Problem(NO_ANSWER, f"连不上代理：{error}", f"broker not reached: {error}") from error
        client.loop_start()

    def until(self, condition, timeout_s: float) -> bool:
        """Takes what comes until condition() holds; False when it did not in time."""
        end_s = time.monotonic() + timeout_s
        while not condition():
            try:
                topic, payload = self._queue.get(timeout=max(0.0, end_s - time.monotonic()))
            except queue.Empty:
                return False
            self._take(topic.rsplit("/", 1)[1], payload)
        return True

    def _take(self, kind, payload):
        try:
            message = json.loads(payload)
            if kind == "response":
                self.responses[message["gun"]] = message
            else:
                self.power_w = {gun["id"]: gun["power_w"] or 0 for gun in message["guns"]}
        except (ValueError, KeyError, TypeError):
            pass  # not of a station of this version

    def lags(self, gun: str) -> int:
        return self.responses[gun]["lag_ms"]["count"] if gun in self.responses else 0


def step_of(text: str) -> tuple[str, int]:
    """(gun, W) of `gun1=20000`."""
    gun, _, limit_w = text.partition("=")
    if not gun or not limit_w.isdigit() or int(limit_w) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: GUN=W, W >= 1")
    return gun, int(limit_w)


def take_steps(heard: Heard, options, station: str, gun: str, limit_w: int) -> None:
    """Lowers the gun's limit and lets it go again, `options.steps` times. Raises Problem."""
    for number in range(1, options.steps + 1):
        if not heard.until(lambda: heard.power_w.get(gun, 0) >= limit_w + _MARGIN_W, _RECOVERY_S):
            raise Problem(
                NOT_ENOUGH, f"{gun} 功率 {heard.power_w.get(gun, 0)} W，需至少 {limit_w + _MARGIN_W} W",
                f"{gun} draws {heard.power_w.get(gun, 0)} W, needed are {limit_w + _MARGIN_W} W",
            )  # fmt: skip
        heard.until(lambda: False, _AGAIN_S)
        answer = _ordered(options, station, gun, limit_w) or _ordered(options, station, gun, limit_w)
        if answer is None:
            raise Problem(NO_ANSWER, f"{station} 无应答", f"no answer of {station}")
        print(f"{gun} {number}/{options.steps}: {answer['zh']} / {answer['en']}", flush=True)
        if answer["result"] == "refused":
            raise Problem(NOT_ENOUGH, answer["zh"], answer["en"])
        heard.until(lambda: False, _HELD_S)


def _ordered(options, station, gun, limit_w):
    """The station's answer to one step, None when none came: it only lowers, so it may be ordered again."""
    fields = {"gun": gun, "action": "limit", "limit_w": limit_w, "expires_s": _HELD_S}
    body = signing.command(station, "gun", "service", fields, 60)
    message = signing.sign(f"{link.ROOT}{station}/command", body, signing.load_key(options.keys, "service"))
    try:
        return send.send(link.client(options), options.host, options.port, station, message, body["id"], _ANSWER_S)
    except send.NoAnswer:
        return None


def table(values: list, language: str) -> Table:
    """One line a gun: file -> proposed, what was seen and how often."""
    def words(zh, en):
        return {"zh": zh, "en": en}.get(language, f"{zh} {en}")

    made = Table(title=words("枪的响应：文件 → 建议（实测，次数）", "guns: file -> proposed (seen, times)"))
    made.add_column(words("枪", "gun"))
    for heading in _HEADINGS.values():
        made.add_column(words(*heading), justify="right")
    for gun in dict.fromkeys(each.gun for each in values):
        made.add_row(gun, *[_cell(each) for each in values if each.gun == gun])
    return made


def _cell(each) -> str:
    seen = "-" if each.seen is None else str(each.seen)
    values = f"{each.file} → {each.proposed}" if each.changes else str(each.file)
    return f"{values} ({seen}, {each.count})"


def commission(options) -> int:
    """Steps, listens, shows, writes. Raises Problem."""
    path = Path(options.file)
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        station = plain["station"]["id"]
        guns = [device["id"] for device in plain["devices"] if device["role"] == "gun"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(WRONG_CALL, f"{path}：不是站点文件（{error}）", f"{path}: no station file ({error})") from error
    steps = [step_of(each) if isinstance(each, str) else each for each in options.step]
    unknown = [gun for gun, _ in steps if gun not in guns]
    if unknown or (steps and not options.keys):
        wrong = f"--step {', '.join(unknown)}" if unknown else "--keys"
        raise Problem(WRONG_CALL, f"{wrong}：枪 {', '.join(guns)}", f"{wrong}: the guns are {', '.join(guns)}")
    client = link.client(options)
    heard = Heard(client, options, station)
    try:
        for gun, limit_w in steps:
            take_steps(heard, options, station, gun, limit_w)
        asked = [gun for gun, _ in steps] or guns
        round_s = _HEARD_S + 5.0 * len(guns)
        heard.responses.clear()  # a message from after the last step
        if not heard.until(lambda: all(gun in heard.responses for gun in guns), options.seconds or round_s):
            if not heard.responses:
                raise Problem(NO_ANSWER, f"{station} 未报告枪的响应", f"{station} tells nothing of its guns")
    finally:
        client.disconnect()
        client.loop_stop()
    told = [heard.responses[gun] for gun in guns if gun in heard.responses]
    values = [each for response in told for each in commission_values.measured(response)]
    (Console() if sys.stdout.isatty() else Console(width=120)).print(table(values, options.lang))
    _write(options.out, path, plain, values)
    lacking = [gun for gun in asked if gun not in heard.responses]
    lacking += [f"{each.gun} {each.kind}" for each in values if each.gun in asked and not each.has_enough]
    if lacking:
        print(f"观察不足 / not enough observations yet: {', '.join(lacking)}")
    return NOT_ENOUGH if lacking else ENOUGH


def _write(out, path, plain, values):
    """The copy, which must be a station file that the firmware takes."""
    if out is None:
        return
    text = json.dumps(commission_values.with_values(plain, values), ensure_ascii=False, indent=2) + "\n"
    copy = Path(out)
    copy.write_text(text, encoding="utf-8")
    try:
        station_config.load(str(path))
        station_config.load(str(copy))
    except station_config.ConfigError as refused:
        raise Problem(NOT_ENOUGH, f"{out}：{refused}", f"{out}: {refused}") from refused
    changed = sum(each.changes for each in values)
    print(f"{out}: {changed} 项已改，请再运行 / {changed} values changed, next: make budget STATION={out}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.commission",
        description="枪的滞后与升降速：实测与站点文件对比 / lags and ramps of the guns, measured against the file",
    )
    parser.add_argument("file", help="站点文件 / the station file")
    parser.add_argument(
        "--step", action="append", default=[], type=step_of, metavar="GUN=W",
        help="短时把该枪限值降到 W（可多次） / lower this gun to W for some seconds (may be repeated)",
    )  # fmt: skip
    parser.add_argument("--steps", type=int, default=STEPS, help="每枪次数 / how often for each gun")
    parser.add_argument("--keys", help="密钥文件（service） / key file, for the authority service")
    parser.add_argument("--seconds", type=float, help="最多听多久 / how long to listen at most")
    parser.add_argument("--out", help="写出的站点文件副本 / the copy of the station file to write")
    parser.add_argument("--lang", choices=("zh", "en", "both"), default="both")
    link.add_options(parser)
    options = parser.parse_args(arguments)
    try:
        return commission(options)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return problem.code
    except (OSError, signing.KeyFileError) as problem:
        print(problem, file=sys.stderr)
        return WRONG_CALL


if __name__ == "__main__":
    sys.exit(main())
