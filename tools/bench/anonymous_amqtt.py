"""amqtt as it comes, open to everybody on 127.0.0.1: `python -m tools.bench.anonymous_amqtt`.

Prints its port; goes when its input ends.
"""

import asyncio
import json
import logging
import sys

from amqtt.broker import Broker


async def main():
    logging.disable(logging.CRITICAL)
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": "127.0.0.1:0"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    print(json.dumps(broker._servers["default"].instance.sockets[0].getsockname()[1]), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(main())
