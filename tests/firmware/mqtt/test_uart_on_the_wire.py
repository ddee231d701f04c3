"""The client on real MicroPython behind a 4G DTU in transparent mode, with a real broker at the other end."""

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from dtu import Dtu  # noqa: E402
from wire import SIGKILL, Platform, Station, wait_for  # noqa: E402

from tests.micropython_collector import not_run  # noqa: E402
from tools.bench import mosquitto  # noqa: E402


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """Of mosquitto: amqtt does not close a connection whose first packet is no CONNECT, as the standard wants it."""
    program = mosquitto.find() or not_run("mosquitto is not installed")
    running = mosquitto.Mosquitto(program, tmp_path_factory.mktemp("broker"))
    yield running.ports["plain"]
    running.end()


@pytest.fixture
def linked(port):
    """`linked()`: (DTU, platform, connected station)."""
    with ExitStack() as stack:

        def part(made):
            stack.callback(made.end)
            return made

        def make(**options):
            dtu, platform = part(Dtu(port)), part(Platform(port))
            station = part(station_on(dtu, **options))
            station.wait(lambda last: last["granted"] == 5, what="connected through the DTU")
            return dtu, platform, station

        yield make


def station_on(dtu, **options):
    return Station(0, keepalive_s=2, connect_ms=1500, uart={"port": dtu.path, "baud": 115200}, **options)


def echoed(platform, text):
    platform.send("t/in", text, 1)
    platform.wait("t/out", text)


def no_gap(platform):
    numbers = {int(each) for each in platform.messages("t/count")}
    return len(numbers) > 10 and numbers == set(range(1, max(numbers) + 1))


def test_messages_go_both_ways_through_a_dtu(linked):
    dtu, platform, station = linked()
    echoed(platform, b"through the DTU")
    echoed(platform, b"z" * 1000)
    platform.send("t/站", b"x" * 5000, 1)
    platform.wait("t/站/out", b"too large")
    assert dtu.dials == 1 and station.last["connects"] == 1


def test_a_connection_that_the_dtu_lost_is_noticed_and_nothing_of_qos_1_with_it(linked):
    dtu, platform, station = linked(count_ms=50)
    wait_for(lambda: platform.messages("t/count"), what="first counts")
    dtu.cut()
    station.wait(lambda last: last["connects"] == 2, 30, "a new session")
    echoed(platform, b"after the cut")
    wait_for(lambda: no_gap(platform), what="every count")


@pytest.mark.parametrize("direction", ["up", "down"])
def test_lost_bytes_are_got_over_and_nothing_of_qos_1_is_lost(linked, direction):
    """The DTU keeps its connection when the station begins anew: only the broker can end it, at the second CONNECT."""
    dtu, platform, station = linked(count_ms=50)
    wait_for(lambda: platform.messages("t/count"), what="first counts")
    dtu.lose(direction, 3)
    station.wait(lambda last: last["connects"] == 2, 30, "a new session")
    assert dtu.lost >= 3 and dtu.dials >= 2
    echoed(platform, b"after the loss")
    wait_for(lambda: no_gap(platform), what="every count")


def test_a_restarted_station_gets_through_though_the_dtu_never_hung_up(linked):
    dtu, platform, station = linked()
    station.signal(SIGKILL)
    again = station_on(dtu)
    try:
        again.wait(lambda last: last["granted"] == 5, 40, "connected again")
        echoed(platform, b"after the restart")
    finally:
        again.end()
    assert dtu.dials >= 2
