"""A platform program's end of MQTT: the options every one of them has, and a paho client made from them.

TLS is used as soon as a CA is named. The password comes from the environment, where other users of the machine do not
see it, or from --password.
"""

import argparse
import os
import ssl

import paho.mqtt.client as paho

PASSWORD_VARIABLE = "GUANGCHU_MQTT_PASSWORD"
ROOT = "guangchu/v1/"


def add_options(parser: argparse.ArgumentParser) -> None:
    """--host, --port, --user, --password, --ca, --cert, --key."""
    parser.add_argument("--host", default="127.0.0.1", help="MQTT broker")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--user", default="platform")
    parser.add_argument("--password", help=f"else taken from {PASSWORD_VARIABLE}")
    parser.add_argument("--ca", help="PEM file with the CA of the broker; with it the connection is TLS")
    parser.add_argument("--cert", help="PEM file with a client certificate")
    parser.add_argument("--key", help="PEM file with its key")


def client(options, client_id: str = "", clean: bool = True, manual_ack: bool = False) -> paho.Client:
    """A client that is not connected yet. Raises OSError or ssl.SSLError for files of TLS that are missing or wrong."""
    version = paho.CallbackAPIVersion.VERSION2
    made = paho.Client(version, client_id=client_id, clean_session=clean, manual_ack=manual_ack)
    password = options.password or os.environ.get(PASSWORD_VARIABLE)
    made.username_pw_set(options.user, password)
    if options.ca:
        made.tls_set(ca_certs=options.ca, certfile=options.cert, keyfile=options.key, cert_reqs=ssl.CERT_REQUIRED)
    made.reconnect_delay_set(1, 30)
    return made


def split(topic: str) -> tuple[str, str] | None:
    """(station, kind) of a topic of ours, None for any other."""
    if not topic.startswith(ROOT):
        return None
    station, _, kind = topic[len(ROOT) :].partition("/")
    return (station, kind) if station and kind else None
