"""The embedded broker: one user gets in, nobody else, and a signal ends it."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from tools.broker import PASSWORD_VARIABLE, Broker

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments, password="secret"):
    environment = dict(os.environ)
    environment.pop(PASSWORD_VARIABLE, None)
    if password:
        environment[PASSWORD_VARIABLE] = password
    command = [sys.executable, "-m", "tools.broker", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def end(process):
    if process.poll() is None:
        process.kill()
    return process.communicate(timeout=10)


def connect(port, user, password):
    """The broker's answer to a CONNECT: True when it lets us in."""
    answered = threading.Event()
    answer = []
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    if user is not None:
        client.username_pw_set(user, password)

    def on_connect(client, data, flags, reason_code, properties):
        answer.append(not reason_code.is_failure)
        answered.set()

    client.on_connect = on_connect
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert answered.wait(10), "no CONNACK"
    client.disconnect()
    client.loop_stop()
    return answer[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_frees_the_port(number):
    process = start("--port", "0")
    try:
        port = json.loads(process.stdout.readline())["port"]
        assert connect(port, "station", "secret")
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stderr.read() == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 2).close()
    finally:
        end(process)


def test_only_the_named_user_with_its_password_gets_in():
    process = start("--port", "0", "--user", "station")
    try:
        port = json.loads(process.stdout.readline())["port"]
        assert connect(port, "station", "secret")
        assert not connect(port, "station", "wrong")
        assert not connect(port, "other", "secret")
        assert not connect(port, "station", "")
        assert not connect(port, None, None)
    finally:
        end(process)


def test_a_taken_port_is_said_and_ends_it():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start("--port", str(taken.getsockname()[1]))
        output, errors = end_by_itself(process)
    assert process.returncode == 1 and output == b""
    assert b"cannot listen on 127.0.0.1:" in errors


def end_by_itself(process):
    try:
        return process.communicate(timeout=20)
    finally:
        end(process)


def test_no_password_is_refused_with_the_way_to_give_one():
    process = start("--port", "0", password=None)
    _, errors = end_by_itself(process)
    assert process.returncode == 2 and PASSWORD_VARIABLE.encode() in errors


def test_a_port_out_of_range_is_refused():
    process = start("--port", "65536")
    _, errors = end_by_itself(process)
    assert process.returncode == 2 and b"65536" in errors and b"0..65535" in errors


def test_as_a_context_it_listens_inside_and_not_after():
    async def use():
        async with Broker("station", "secret") as broker:
            port = broker.port
            assert port > 0 and await asyncio.to_thread(connect, port, "station", "secret")
        return port

    port = asyncio.run(use())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 2).close()


def test_a_broker_without_a_password_is_not_made():
    with pytest.raises(ValueError, match="password"):
        Broker("station", "")
