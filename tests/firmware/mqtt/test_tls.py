"""TLS on CPython, against a server of the standard library; MicroPython's is tested on the wire (with mosquitto)."""

import asyncio
import ssl

import pytest

from drivers.ticks import sleep_ms
from firmware.mqtt.client import Client
from firmware.mqtt.errors import MqttError
from firmware.mqtt.tls import TlsLink, ders
from tests.firmware.mqtt.scripted_broker import Script, until
from tools.bench.certificates import Authority


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("certificates")
    Authority(made).issue("broker", "127.0.0.1")
    Authority(made, "stranger")
    return made


class Cycle:
    """Counts up every 20 ms, as a control cycle does."""

    def __init__(self):
        self.count = 0

    async def run(self):
        while True:
            await sleep_ms(20)
            self.count += 1


def over_tls(folder, scene, ca="ca.der", **options):
    """Run `scene(client, script)` with a client that connects to the scripted broker over TLS."""

    async def play():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "broker.pem", folder / "broker.key")
        script = Script()
        server = await asyncio.start_server(script.serve, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        client = Client(TlsLink("127.0.0.1", port, str(folder / ca), **options), "c", first_pause_ms=20)
        task = asyncio.create_task(client.run())
        try:
            await scene(client, script)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            server.close()
            for each in script.tasks:
                each.cancel()
            await asyncio.gather(*script.tasks, return_exceptions=True)

    asyncio.run(play())


@pytest.mark.parametrize("ca", ["ca.der", "ca.pem"])
def test_a_broker_of_the_ca_is_taken(folder, ca):
    async def scene(client, script):
        assert await client.publish_acked("a", "x" * 60)
        assert client.connects == 1

    over_tls(folder, scene, ca)


def test_each_step_of_the_handshake_waits_for_the_end_of_a_cycle(folder):
    cycle = Cycle()

    async def scene(client, script):
        await until(lambda: script.tasks or client._link._socket is not None)
        await sleep_ms(50)
        assert not script.got  # the cycle does not run: no step is taken
        running = asyncio.create_task(cycle.run())
        await until(lambda: client.connected)
        assert cycle.count >= 2
        running.cancel()

    over_tls(folder, scene, cycle=cycle)


@pytest.mark.parametrize("options", [{"ca": "stranger.der"}, {"server_name": "broker.example"}])
def test_a_stranger_and_a_wrong_name_are_refused(folder, options):
    async def scene(client, script):
        await until(lambda: client.last_error is not None)
        assert isinstance(client.last_error, MqttError) and "certificate" in str(client.last_error).lower()
        assert not client.connects and not script.got

    over_tls(folder, scene, **options)


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nMII\n"])
def test_a_ca_file_that_is_missing_or_damaged_costs_the_connection_only(folder, content):
    (folder / "bad").unlink(missing_ok=True)
    if content is not None:
        (folder / "bad").write_bytes(content)

    async def scene(client, script):
        await until(lambda: client.last_error is not None)
        assert isinstance(client.last_error, MqttError) and not client.connects and not script.got

    over_tls(folder, scene, "bad")


def test_a_file_may_hold_several_certificates(folder):
    both = (folder / "ca.pem").read_bytes() + b"\n" + (folder / "stranger.pem").read_bytes()
    assert ders(both) == [(folder / "ca.der").read_bytes(), (folder / "stranger.der").read_bytes()]
