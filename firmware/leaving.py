"""The way out when a command asks for a new start: the answers first, then the safe state (firmware/main.py). Loaded
for it."""

import sys

from firmware import telemetry

_LAST_WORDS_MS = 3000


async def leave(commands, client, topic: str) -> None:
    """commands: Commands. topic: of the status message. Gives the broker 3 s to take what waits."""
    commands.leaves = False
    client.publish(topic, telemetry.status(False), retain=True, qos=1)
    await client.disconnect(_LAST_WORDS_MS)
    commands.running.is_to_start_anew = True
    commands.running.supervisor.is_interrupted = True


def start_anew() -> int:
    """After the safe state. A board resets itself; the exit code tells whoever keeps a process running."""
    print("重新启动 / starting anew")
    if sys.platform in ("rp2", "esp32"):
        import machine

        machine.reset()
    return 3
