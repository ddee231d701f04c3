"""The envelope of T/CEC 102.4: what two operators' platforms put around their JSON.

A request carries OperatorID, Data (AES-128-CBC, PKCS#5 padding, Base64; key DataSecret, initial vector DataSecretIV),
TimeStamp (yyyyMMddHHmmss, Beijing time), Seq (0001.. within one second) and Sig: HMAC-MD5 in upper-case hexadecimal
over OperatorID + Data + TimeStamp + Seq with SigSecret. An answer carries Ret, Msg, Data and Sig over Ret + Msg + Data.
The form is known from several implementations, the text of the standard was not at hand (grade C).
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

OK, BUSY, BAD_SIGNATURE, BAD_TOKEN, BAD_PARAMETER, NOT_POSSIBLE, ERROR = 0, -1, 4001, 4002, 4003, 4004, 500
BEIJING = timezone(timedelta(hours=8))
_BLOCK_BITS = 128
_SECRET_BYTES = 16


class EnvelopeError(Exception):
    """A message that must not be believed. ret: the code to answer with."""

    def __init__(self, ret: int, message: str):
        super().__init__(message)
        self.ret = ret


@dataclass(frozen=True)
class Secrets:
    """What two platforms have agreed on for one direction. data_secret, data_secret_iv: 16 characters each."""

    operator_id: str
    operator_secret: str
    data_secret: str
    data_secret_iv: str
    sig_secret: str

    def __post_init__(self):
        for name in ("data_secret", "data_secret_iv"):
            found = len(getattr(self, name).encode())
            if found != _SECRET_BYTES:
                raise ValueError(f"{name}: found {found} bytes, allowed: {_SECRET_BYTES}")
        if len(self.operator_id) != 9:
            raise ValueError(f"operator_id: found {self.operator_id!r}, allowed: 9 characters")


class Sealer:
    """Makes and opens the envelopes of one direction. `Seq` counts within one second and starts anew with the next."""

    def __init__(self, secrets: Secrets):
        self.secrets = secrets
        self._second, self._count = "", 0

    def request(self, content: dict, now: datetime | None = None) -> dict:
        data = self._encrypted(content)
        time_stamp = (now or datetime.now(BEIJING)).astimezone(BEIJING).strftime("%Y%m%d%H%M%S")
        self._count = self._count + 1 if time_stamp == self._second else 1
        self._second = time_stamp
        seq, operator = f"{self._count:04d}", self.secrets.operator_id
        sig = self._signature(operator + data + time_stamp + seq)
        return {"OperatorID": operator, "Data": data, "TimeStamp": time_stamp, "Seq": seq, "Sig": sig}

    def open_request(self, message) -> dict:
        """The content of a request. Raises EnvelopeError."""
        names = ("OperatorID", "Data", "TimeStamp", "Seq", "Sig")
        operator, data, time_stamp, seq, sig = self._members(message, names, (str,) * 5)
        known = self.secrets.operator_id
        if operator != known:
            raise EnvelopeError(BAD_PARAMETER, f"OperatorID: found {operator[:20]!r}, known: {known}")
        self._check(operator + data + time_stamp + seq, sig)
        return self._decrypted(data)

    def answer(self, ret: int, message: str, content: dict) -> dict:
        data = self._encrypted(content)
        return {"Ret": ret, "Msg": message, "Data": data, "Sig": self._signature(f"{ret}{message}{data}")}

    def open_answer(self, message) -> dict:
        """The content of an answer. Raises EnvelopeError, with the other side's Ret when that is not 0."""
        names = ("Ret", "Msg", "Data", "Sig")
        ret, text, data, sig = self._members(message, names, (int, str, str, str))
        self._check(f"{ret}{text}{data}", sig)
        if ret != OK:
            raise EnvelopeError(ret, text)
        return self._decrypted(data)

    def _members(self, message, names, types):
        if not isinstance(message, dict):
            raise EnvelopeError(BAD_PARAMETER, "message: found no JSON object")
        for name, type_ in zip(names, types, strict=True):
            if not isinstance(message.get(name), type_):
                found = type(message.get(name)).__name__
                raise EnvelopeError(BAD_PARAMETER, f"{name}: found {found}, allowed: {type_.__name__}")
        return [message[name] for name in names]

    def _check(self, text: str, sig: str):
        if not hmac.compare_digest(self._signature(text).encode(), sig.encode()):
            raise EnvelopeError(BAD_SIGNATURE, "Sig: does not fit the message")

    def _signature(self, text: str) -> str:
        return hmac.new(self.secrets.sig_secret.encode(), text.encode(), hashlib.md5).hexdigest().upper()

    def _cipher(self) -> Cipher:
        key, vector = self.secrets.data_secret.encode(), self.secrets.data_secret_iv.encode()
        return Cipher(algorithms.AES(key), modes.CBC(vector))

    def _encrypted(self, content: dict) -> str:
        padder = PKCS7(_BLOCK_BITS).padder()
        plain = padder.update(json.dumps(content, ensure_ascii=False).encode()) + padder.finalize()
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()

    def _decrypted(self, data: str) -> dict:
        try:
            decryptor, unpadder = self._cipher().decryptor(), PKCS7(_BLOCK_BITS).unpadder()
            padded = decryptor.update(base64.b64decode(data, validate=True)) + decryptor.finalize()
            content = json.loads(unpadder.update(padded) + unpadder.finalize())
        except (ValueError, binascii.Error) as error:
            raise EnvelopeError(BAD_PARAMETER, f"Data: cannot be read: {error}") from error
        if not isinstance(content, dict):
            raise EnvelopeError(BAD_PARAMETER, "Data: found no JSON object")
        return content
