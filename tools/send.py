"""Signs a command, sends it and waits for the station's answer.

    python -m tools.send GC-DEMO-01 limit circuit=grid limit_w=300000 expires_s=900 --keys keys.json
    python -m tools.send GC-DEMO-01 gun gun=gun3 action=stop expires_s=600 --keys keys.json
    python -m tools.send GC-DEMO-01 dispatch storage_w=-50000 expires_s=900 --authority grid --keys keys.json
    python -m tools.send GC-DEMO-01 emergency_stop --authority service --keys keys.json

`--help` lists the commands with their fields.
Fields are `name=value`; a value that is JSON (a number, true, null, an object) is sent as such, anything else as text.
Ends with 0 when the station accepted it, 1 when it refused, 2 when no answer came, 3 for a wrong call.
"""

import argparse
import json
import queue
import sys
import time

from tools.platform import command_fields, link, signing

ACCEPTED, REFUSED, NO_ANSWER, WRONG_CALL = 0, 1, 2, 3
_ANONYMOUS_WAIT_S = 1.0


class NoAnswer(Exception):
    """The broker was not reached, or the station did not answer in time."""


def fields_of(words: list[str]) -> dict:
    """{name: value} of words like `limit_w=300000`. Raises ValueError."""
    fields = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name.isidentifier() or name in fields:
            raise ValueError(f"field: found {word!r}, allowed: name=value, each name once")
        try:
            fields[name] = json.loads(text)
        except ValueError:
            fields[name] = text
    return fields


def send(client, host: str, port: int, station: str, message: bytes, command_id: str, timeout_s: float) -> dict:
    """Publishes the message and returns the station's answer to `command_id`. Raises NoAnswer."""
    answers = queue.SimpleQueue()
    root = f"{link.ROOT}{station}/"

    def on_connect(client, userdata, flags, reason_code, properties):
        if reason_code.is_failure:
            answers.put(NoAnswer(f"broker {host}:{port}: {reason_code}"))
        else:
            client.subscribe(root + "ack", qos=1)

    def on_subscribe(client, userdata, mid, reason_codes, properties):
        if any(code.is_failure for code in reason_codes):
            answers.put(NoAnswer(f"broker {host}:{port}: may not read {root}ack: {reason_codes[0]}"))
        else:
            client.publish(root + "command", message, qos=1)

    def on_message(client, userdata, received):
        try:
            answer = json.loads(received.payload)
            if answer["id"] in (command_id, ""):
                answers.put(answer)
        except (ValueError, KeyError, TypeError):
            pass  # not an answer to anything of ours

    client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
    try:
        client.connect(host, port, keepalive=30)
    except OSError as error:
        raise NoAnswer(f"broker {host}:{port}: {error}") from error
    client.loop_start()
    try:
        answer = _awaited(answers, timeout_s)
    finally:
        client.disconnect()
        client.loop_stop()
    if answer is None:
        raise NoAnswer(f"{station}: no answer within {timeout_s:g} s")
    if isinstance(answer, NoAnswer):
        raise answer
    return answer


def _awaited(answers: queue.SimpleQueue, timeout_s: float):
    """The answer to our command; else a refusal without an id, which is what a station gives to a command that it
    cannot trust: ours, unless another sender's came at the same time and ours is answered within a second. None."""
    anonymous, end_s = None, time.monotonic() + timeout_s
    while True:
        try:
            answer = answers.get(timeout=max(0.0, end_s - time.monotonic()))
        except queue.Empty:
            return anonymous
        if isinstance(answer, NoAnswer) or answer["id"]:
            return answer
        anonymous, end_s = answer, min(end_s, time.monotonic() + _ANONYMOUS_WAIT_S)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.send",
        description="签名并发送一条命令，等待回答 / sign a command, send it and wait for the answer",
        epilog="命令 / commands:\n" + "\n".join(command_fields.usage(kind) for kind in command_fields.FORMS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("station", help="站点 id / the station's id")
    parser.add_argument("type", help="命令类型，见下 / type of the command, see below")
    parser.add_argument("fields", nargs="*", metavar="name=value", help="命令字段 / its fields")
    parser.add_argument("--keys", required=True, help="密钥文件，格式同 keys.json / keys, as in a station's keys.json")
    parser.add_argument(
        "--authority", choices=signing.AUTHORITIES,
        help="以谁的名义；默认 operator，运维命令为 service / in whose name; operator, or service where only it may",
    )  # fmt: skip
    parser.add_argument(
        "--valid-s", type=int, default=60, help="命令在途有效期 / how long it may be on its way (1..86400)"
    )
    parser.add_argument("--timeout-s", type=float, default=10.0, help="等待回答 / how long to wait for the answer")
    parser.add_argument("--lang", choices=("zh", "en", "both"), default="both", help="回答的语言 / of the answer")
    link.add_options(parser)
    options = parser.parse_intermixed_args(arguments)
    options.authority = options.authority or command_fields.authority_for(options.type)
    return options


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    try:
        fields, key = fields_of(options.fields), signing.load_key(options.keys, options.authority)
        command_fields.check(options.type, fields)
        if not 1 <= options.valid_s <= 86400:
            raise ValueError(f"--valid-s: found {options.valid_s}, allowed: 1..86400")
        client = link.client(options)
    except (ValueError, OSError, signing.KeyFileError) as error:
        print(error, file=sys.stderr)
        return WRONG_CALL
    body = signing.command(options.station, options.type, options.authority, fields, options.valid_s)
    message = signing.sign(f"{link.ROOT}{options.station}/command", body, key)
    try:
        answer = send(client, options.host, options.port, options.station, message, body["id"], options.timeout_s)
    except NoAnswer as problem:
        print(f"无应答 / no answer: {problem}", file=sys.stderr)
        return NO_ANSWER
    texts = [answer.get(language, "") for language in ("zh", "en") if options.lang in (language, "both")]
    print(f"{answer['id'] or '-'}: {answer['result']} ({answer['code']}): {' / '.join(texts)}")
    return REFUSED if answer["result"] == "refused" else ACCEPTED


if __name__ == "__main__":
    sys.exit(main())
