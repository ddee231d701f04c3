"""TLS, client certificates and persistent sessions: the client on real MicroPython against mosquitto."""

import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from wire import SIGKILL, Platform, Station, wait_for  # noqa: E402

from tests.micropython_collector import not_run  # noqa: E402
from tools.bench import mosquitto  # noqa: E402
from tools.bench.certificates import Authority  # noqa: E402

LISTENERS = {
    "good": ("good", False),
    "named": ("named", False),
    "expired": ("expired", False),
    "mutual": ("good", True),
}


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """mosquitto with a listener for each certificate; the files of the station are in `broker.folder`."""
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder)
    authority.issue("good", "127.0.0.1")
    authority.issue("named", "broker.example")
    authority.issue("expired", "127.0.0.1", timedelta(days=-1))
    authority.issue("station", "echo")
    Authority(folder, "stranger")
    program = mosquitto.find() or not_run("mosquitto is not installed")
    running = mosquitto.Mosquitto(program, folder, LISTENERS)
    running.folder = folder
    yield running
    running.end()


@pytest.fixture
def station(broker):
    """`station(listener, **tls)`: a station that connects to it with the CA in ca.der unless told otherwise."""
    with ExitStack() as stack:

        def make(listener, count_ms=0, **tls):
            settings = {} if listener == "plain" else {"tls": {"ca": "ca.der", **tls.pop("tls", {})}}
            made = Station(broker.ports[listener], folder=broker.folder, count_ms=count_ms, **settings, **tls)
            stack.callback(made.end)
            return made

        yield make


@pytest.fixture
def platform(broker):
    made = Platform(broker.ports["plain"])
    yield made
    made.end()


def refused_by(made):
    made.wait(lambda last: last["error"] != "None", what="the refusal")
    assert made.last["connects"] == 0 and "TLS" in made.last["error"], made.last
    return made.last["error"]


def test_a_broker_with_a_certificate_of_the_ca_is_taken(station, platform):
    made = station("good")
    made.wait(lambda last: last["granted"] == 5)
    platform.send("t/in", "over TLS", 1)
    platform.wait("t/out", b"over TLS")
    # several records of 16 kB, far more than our buffer: none may be left lying in the TLS layer
    platform.send("t/站", b"x" * 50_000, 1)
    platform.wait("t/站/out", b"too large")
    platform.send("t/in", b"y" * 1000, 1)
    platform.wait("t/out", b"y" * 1000)
    assert made.last["connects"] == 1


def test_the_ca_may_be_pem(station):
    station("good", tls={"ca": "ca.pem"}).wait(lambda last: last["connected"])


def test_the_name_of_the_certificate_may_differ_from_the_address(station):
    station("named", tls={"server_name": "broker.example"}).wait(lambda last: last["connected"])


def test_a_broker_that_the_ca_did_not_sign_is_refused(station):
    assert "CA" in refused_by(station("good", tls={"ca": "stranger.der"}))


def test_a_broker_with_another_name_is_refused(station):
    text = refused_by(station("named"))
    assert "name" in text.lower() and "CN" in text, text


def test_an_expired_certificate_is_refused(station):
    assert "expired" in refused_by(station("expired"))


@pytest.mark.parametrize("ca", ["missing.der", "good.key"])
def test_a_ca_file_that_is_none_is_said_and_nothing_is_connected_to(station, ca):
    made = station("good", tls={"ca": ca})
    made.wait(lambda last: ca in last["error"])
    assert made.last["connects"] == 0


def test_a_broker_that_wants_our_certificate_gets_it(station):
    made = station("mutual", tls={"cert": "station.der", "key": "station.key.der"})
    made.wait(lambda last: last["connected"])


def test_without_our_certificate_that_broker_does_not_let_us_in(station):
    made = station("mutual")
    made.wait(lambda last: last["error"] != "None")
    assert made.last["connects"] == 0


def test_a_plain_listener_is_no_tls_broker(station, broker):
    made = Station(broker.ports["plain"], folder=broker.folder, tls={"ca": "ca.der"})
    try:
        made.wait(lambda last: last["error"] != "None")
        assert made.last["connects"] == 0
    finally:
        made.end()


def test_commands_sent_while_a_station_with_a_session_is_away_come_after_its_return(station, platform, broker):
    first = station("plain", clean_session=False)
    first.wait(lambda last: last["granted"] == 5)
    assert not first.last["session_present"]
    first.signal(SIGKILL)
    platform.wait("t/status", b"offline")
    for number in range(5):
        platform.send("t/in", f"command {number}", 1)
    second = station("plain", clean_session=False)
    wait_for(lambda: len(platform.messages("t/out")) == 5, what="five answers")
    assert platform.messages("t/out") == [b"command %d" % number for number in range(5)]
    second.wait(lambda last: last["session_present"])
    platform.send("t/quit", "")  # and the session of this name is ended, for the tests that follow
    assert second.process.wait(15) == 0
    third = station("plain")
    third.wait(lambda last: last["granted"] == 5)
    assert not third.last["session_present"]
