"""The broker over TLS. The CA is required: MicroPython's own default verifies nothing at all.

A step of the handshake (checking the broker's certificate) cannot be divided and holds the loop: some 20 ms on a PC,
far more on a board. So each step waits for the end of a control cycle.
"""

# The board's stubs know neither CPython's part nor bytes in load_verify_locations.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportGeneralTypeIssues=false

import ssl
import sys

from drivers.ticks import sleep_ms
from firmware.mqtt.errors import ConnectionClosed, MqttError
from firmware.mqtt.tcp import TcpLink, readable, writable

if sys.implementation.name != "micropython":
    from firmware.mqtt.host import TlsSocket


class TlsLink(TcpLink):
    """server_name: the name that the certificate must carry, `host` when None. ca: file with the certificates, DER or
    PEM, that may have signed it; read for every connection, so that a file that is missing costs the connection and
    not the station. certificate: (file, file with its key) of ours in DER, where the broker wants to know who we are.
    cycle: an object whose `count` changes when a control cycle has ended; None: no handshake step waits.
    """

    connect_ms = 20_000

    def __init__(self, host, port, ca: str, server_name=None, certificate=None, cycle=None):
        super().__init__(host, port)
        self._server_name = server_name or host
        self._ca = ca
        self._certificate = certificate
        self._cycle = cycle
        self._plain = None  # what to wait on for bytes: a TLS socket is polled, once a millisecond, by MicroPython
        self._shaking = False

    async def open(self) -> None:
        await super().open()
        await self._cycle_end()
        context = self._context()
        self._plain = self._socket
        if sys.implementation.name == "micropython":
            self._socket = context.wrap_socket(
                self._socket, server_hostname=self._server_name, do_handshake_on_connect=False
            )
        else:
            self._plain = self._socket = TlsSocket(context, self._socket, self._server_name)
        self._shaking = True

    def _context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            with open(self._ca, "rb") as file:
                for certificate in ders(file.read()):
                    context.load_verify_locations(cadata=certificate)
            if self._certificate is not None:
                context.load_cert_chain(*self._certificate)
        except (OSError, ValueError) as error:
            raise MqttError("certificates in %s" % self._ca, error, "readable DER (the CA also PEM)")
        return context

    async def read_some(self, buffer: bytearray) -> int:
        """Bytes read into `buffer`, at least 1. Raises OSError, ConnectionClosed."""
        await sleep_ms(0)
        while True:
            count = self._socket.readinto(buffer)  # first, for what TLS has taken already is not seen outside
            if count:
                self._opened = 0
                return count
            if count == 0:
                raise ConnectionClosed("stream", "its end", "none before DISCONNECT")
            await readable(self._plain)

    async def write_all(self, packet: bytearray) -> None:
        """The first packet, CONNECT, takes the handshake with it. Raises OSError, MqttError."""
        if self._shaking:
            done = await self._shake(packet)
            self._shaking = False
            packet = memoryview(packet)[done:]
        if packet:
            await super().write_all(packet)

    async def _shake(self, packet) -> int:
        try:
            while True:
                await self._cycle_end()
                done = self._socket.write(packet)
                if done:
                    return done
                await writable(self._socket)
        except (OSError, ValueError) as error:  # ValueError is what MicroPython says of a certificate
            raise MqttError("TLS with %s" % self._server_name, error, "a certificate of the CA, in date, of this name")

    async def _cycle_end(self) -> None:
        if self._cycle is not None:
            count = self._cycle.count
            while self._cycle.count == count:
                await sleep_ms(1)


def ders(certificates: bytes) -> list:
    """The certificates of a file, each in DER. Raises ValueError for damaged PEM, and for PEM of something else."""
    if b"-----BEGIN" not in certificates:
        return [certificates]
    from binascii import a2b_base64

    begin, end = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
    found = [a2b_base64(each.split(end)[0].replace(b"\n", b"")) for each in certificates.split(begin)[1:]]
    if not found:
        raise ValueError("no certificate in it")
    return found
