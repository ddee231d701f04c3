"""The gateway to a charging platform that speaks T/CEC 102: stations come in over MQTT, go out over HTTP.

    python -m tools.gateway gateway.json --host broker --user platform

Tells the platform each change of a connector (notification_stationStatus) and of a station (notification_stationInfo),
and answers its queries. docs/gateway.md describes the file and what is taken and left out. SIGTERM or Ctrl-C end it.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import sys
from pathlib import Path

import aiohttp
import jsonschema
from aiohttp import web

from tools.platform import link
from tools.tcec102.caller import Caller, CallFailed
from tools.tcec102.envelope import EnvelopeError, Secrets
from tools.tcec102.interfaces import Interfaces
from tools.tcec102.objects import Station
from tools.view_state import message_checks

SCHEMA = Path(__file__).with_name("tcec102") / "config.schema.json"
KINDS = ("birth", "telemetry", "status")
_RETRY_FIRST_S, _RETRY_LAST_S = 1.0, 60.0
log = logging.getLogger("guangchu.gateway")


class Refused(Exception):
    """The gateway's file cannot be used; the text names the place, what was found and what is allowed."""


def load(path: str) -> dict:
    """The checked content of the gateway's file. Raises Refused."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise Refused(f"{path}: no JSON: {error}") from error
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    problems = sorted(jsonschema.Draft202012Validator(schema).iter_errors(content), key=lambda each: each.json_path)
    if problems:
        raise Refused("\n".join(f"{path}: {each.json_path}: {_without_secrets(each)}" for each in problems))
    return content


def _without_secrets(problem) -> str:
    secret = any(name in problem.absolute_path for name in ("to_platform", "from_platform"))
    if secret and problem.validator != "required":
        return f"{problem.validator}: allowed: {problem.validator_value}"
    return problem.message


class Gateway:
    """config: from `load`. `take` is fed from MQTT, in the loop's thread; `run` calls the platform until cancelled."""

    def __init__(self, config: dict):
        self._config = config
        operator = config["to_platform"]["operator_id"]
        self.stations = {name: Station(name, operator, place) for name, place in config["stations"].items()}
        self.interfaces = Interfaces(self.stations, Secrets(**config["from_platform"]))
        self.refused = 0  # messages from MQTT that did not follow their schema
        self._checks = message_checks(KINDS)
        self._told = {}  # what the platform has acknowledged: {("status", connector) or ("info", station): content}
        self._changed = asyncio.Event()

    def take(self, topic: str, payload: bytes) -> None:
        station, kind = link.split(topic) or ("", "")
        if station not in self.stations or kind not in self._checks:
            return
        try:
            message = json.loads(payload)
            self._checks[kind].validate(message)
        except (ValueError, RecursionError, jsonschema.ValidationError) as error:
            self.refused += 1
            log.warning("%s: not understood: %.120s", topic, error)
            return
        self.stations[station].take(kind, message)
        self._changed.set()

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Brings the platform up to date after every change. What it has not acknowledged is told again, as it is by
        then; the pauses grow to a minute."""
        caller = Caller(self._config["platform_url"], Secrets(**self._config["to_platform"]), session)
        pause_s = _RETRY_FIRST_S
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._tell(caller)
                pause_s = _RETRY_FIRST_S
            except (CallFailed, EnvelopeError) as error:
                log.warning("platform: %s; again in %g s", error, pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _RETRY_LAST_S)
                self._changed.set()

    async def _tell(self, caller: Caller) -> None:
        for station in self.stations.values():
            if station.birth is None:
                continue
            info = station.info()
            if self._told.get(("info", station.id)) != info:
                await caller.call("notification_stationInfo", {"StationInfo": info})
                self._told["info", station.id] = info
            for status in station.status_info():
                key = "status", status["ConnectorID"]
                if self._told.get(key) != status:
                    await caller.call("notification_stationStatus", {"ConnectorStatusInfo": status})
                    self._told[key] = status


async def serve(config: dict, options, ready=None) -> None:
    """Runs until SIGTERM, SIGINT or cancellation. ready(gateway, port): called once both sides stand."""
    gateway, loop, stop = Gateway(config), asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    client = link.client(options)

    def on_connect(client, userdata, flags, reason_code, properties):
        if reason_code.is_failure:
            log.error("broker %s:%d: %s", options.host, options.port, reason_code)
            return
        client.subscribe([(f"{link.ROOT}{each}/{kind}", 1) for each in gateway.stations for kind in KINDS])

    client.on_connect = on_connect
    client.on_message = lambda client, userdata, message: loop.call_soon_threadsafe(
        gateway.take, message.topic, message.payload
    )
    runner = web.AppRunner(gateway.interfaces.application(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, config["listen"]["host"], config["listen"]["port"])
        await site.start()
        client.connect_async(options.host, options.port, keepalive=30)
        client.loop_start()
        port = runner.addresses[0][1]
        print(f"充电平台网关 / gateway: {config['listen']['host']}:{port} -> {config['platform_url']}", flush=True)
        if ready is not None:
            ready(gateway, port)
        async with aiohttp.ClientSession() as session:
            calls = asyncio.create_task(gateway.run(session))
            await stop.wait()
            calls.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await calls
    finally:
        client.disconnect()
        client.loop_stop()
        await runner.cleanup()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.gateway", description="T/CEC 102 from MQTT")
    parser.add_argument("config", help="JSON file, docs/gateway.md")
    link.add_options(parser)
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    try:
        config = load(options.config)
        asyncio.run(serve(config, options))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{options.config}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
