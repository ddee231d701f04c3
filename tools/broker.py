"""The embedded MQTT broker of a run: amqtt on 127.0.0.1 with one named user.

    python -m tools.broker --port 0 --user station --password SECRET

prints one line `{"port": N}` when it takes connections; SIGTERM or SIGINT end it. The password may come from the
environment (GUANGCHU_MQTT_PASSWORD) instead, where other users of the machine do not see it. In a program:

    async with Broker(user="station", password="secret") as broker:
        ... broker.port ...

A named user, because amqtt keeps sessions and queued messages only for named ones.
"""

import argparse
import asyncio
import hmac
import json
import logging
import os
import signal
import sys
from dataclasses import dataclass

from amqtt.broker import Broker as AmqttBroker
from amqtt.errors import BrokerError
from amqtt.plugins.base import BaseAuthPlugin

PASSWORD_VARIABLE = "GUANGCHU_MQTT_PASSWORD"


class OneUser(BaseAuthPlugin):
    """Lets in exactly one user name with its password."""

    @dataclass
    class Config:
        user: str = ""
        password: str = ""

    async def authenticate(self, *, session) -> bool:
        user = (session.username or "").encode()
        password = (session.password or "").encode()
        known = hmac.compare_digest(user, self.config.user.encode())
        return hmac.compare_digest(password, self.config.password.encode()) and known


class Broker:
    """A broker on 127.0.0.1. `port` 0 takes a free one; after `start()`, `port` is the one in use."""

    def __init__(self, user: str, password: str, port: int = 0, verbose: bool = False):
        if not user or not password:
            raise ValueError("broker: user and password must not be empty")
        self.port = port
        self._user = user
        self._password = password
        self._broker = None
        for name in ("amqtt", "transitions"):
            # amqtt logs each lost connection as an error: in a run that cuts connections on purpose, noise
            logging.getLogger(name).setLevel(logging.INFO if verbose else logging.CRITICAL)

    async def start(self) -> None:
        """Begin to take connections. Raises OSError when the port is taken."""
        config = {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}},
            "plugins": {"tools.broker.OneUser": {"user": self._user, "password": self._password}},
        }
        self._broker = AmqttBroker(config)
        try:
            await self._broker.start()
        except BrokerError as error:
            self._broker = None
            raise OSError(f"MQTT broker cannot listen on 127.0.0.1:{self.port}: {error}") from error
        self.port = self._broker._servers["default"].instance.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """End all sessions and close the port."""
        if self._broker is not None:
            broker, self._broker = self._broker, None
            await broker.shutdown()

    async def __aenter__(self) -> "Broker":
        await self.start()
        return self

    async def __aexit__(self, *_) -> None:
        await self.stop()


async def _serve(options, password: str) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with Broker(options.user, password, options.port, options.verbose) as broker:
            print(json.dumps({"port": broker.port}), flush=True)
            await stop.wait()
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.broker", description="MQTT broker on 127.0.0.1 for one user")
    parser.add_argument("--port", type=int, default=1883, help="TCP port, 0 for a free one (default 1883)")
    parser.add_argument("--user", default="station")
    parser.add_argument("--password", help=f"else taken from {PASSWORD_VARIABLE}")
    parser.add_argument("--verbose", action="store_true", help="show the broker's own log")
    options = parser.parse_args(arguments)
    password = options.password or os.environ.get(PASSWORD_VARIABLE)
    if not password:
        parser.error(f"a password is needed: --password or {PASSWORD_VARIABLE}")
    if not 0 <= options.port <= 65535:
        parser.error(f"--port: found {options.port}, allowed 0..65535")
    return asyncio.run(_serve(options, password))


if __name__ == "__main__":
    sys.exit(main())
