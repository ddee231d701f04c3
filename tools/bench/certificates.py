"""Certificates of a test CA, on disk as a station and a broker want them."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


class Authority:
    """A CA that signs certificates into a folder: NAME.pem and NAME.key, and its own in ca.pem and ca.der."""

    def __init__(self, folder, name="ca"):
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Guangchu test {name}")])
        builder = self._builder(self._name, self._key, DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self._write(name, builder.sign(self._key, hashes.SHA256()), self._key)

    def issue(self, name, host, ends=DAY):
        """A certificate for `host` (also as its IP address) that ends `ends` from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), key, ends)
        names = [x509.DNSName(host)]
        if host.replace(".", "").isdigit():
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        self._write(name, builder.sign(self._key, hashes.SHA256()), key)

    def _builder(self, subject, key, ends):
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(now - 10 * DAY).not_valid_after(now + ends)

    def _write(self, name, certificate, key):
        encoding = serialization.Encoding
        private = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        for ending, content in (
            (".pem", certificate.public_bytes(encoding.PEM)),
            (".der", certificate.public_bytes(encoding.DER)),
            (".key", key.private_bytes(encoding.PEM, *private)),
            (".key.der", key.private_bytes(encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, private[1])),
        ):
            (self.folder / (name + ending)).write_bytes(content)
