"""A stand-in for the city's charging platform: takes notifications over HTTP and asks back.

Written from the description of the envelope alone, on other libraries than the gateway (PyCryptodome for AES, HMAC by
hand from RFC 2104), so that a mistake in one is not made in the other. It believes no message whose signature it has
not computed itself.
"""

import base64
import hashlib
import json

from aiohttp import web
from Crypto.Cipher import AES

BLOCK = 16


def hmac_md5(key: bytes, text: bytes) -> str:
    if len(key) > 64:
        key = hashlib.md5(key).digest()
    key = key.ljust(64, b"\0")
    inner = hashlib.md5(bytes(each ^ 0x36 for each in key) + text).digest()
    return hashlib.md5(bytes(each ^ 0x5C for each in key) + inner).hexdigest().upper()


class Codec:
    """secrets: the dict of the gateway's file for one direction."""

    def __init__(self, secrets: dict):
        self.secrets = secrets
        self.key, self.vector = secrets["data_secret"].encode(), secrets["data_secret_iv"].encode()

    def encrypt(self, content) -> str:
        plain = json.dumps(content).encode()
        pad = BLOCK - len(plain) % BLOCK
        sealed = AES.new(self.key, AES.MODE_CBC, self.vector).encrypt(plain + bytes([pad]) * pad)
        return base64.b64encode(sealed).decode()

    def decrypt(self, data: str):
        plain = AES.new(self.key, AES.MODE_CBC, self.vector).decrypt(base64.b64decode(data))
        assert 1 <= plain[-1] <= BLOCK and plain.endswith(plain[-1:] * plain[-1])
        return json.loads(plain[: -plain[-1]])

    def sig(self, text: str) -> str:
        return hmac_md5(self.secrets["sig_secret"].encode(), text.encode())

    def request(self, content, **changes) -> dict:
        data, time_stamp, seq = self.encrypt(content), "20261123120000", "0001"
        operator = self.secrets["operator_id"]
        sig = self.sig(operator + data + time_stamp + seq)
        return {"OperatorID": operator, "Data": data, "TimeStamp": time_stamp, "Seq": seq, "Sig": sig, **changes}

    def answer_content(self, answer: dict):
        assert answer["Sig"] == self.sig(f"{answer['Ret']}{answer['Msg']}{answer['Data']}")
        return self.decrypt(answer["Data"])


class Platform:
    """token_uses: calls that one token is good for; refuse_next: interfaces to be answered with Ret -1 once."""

    def __init__(self, secrets: dict, token_uses: int = 1000):
        self.codec, self.token_uses = Codec(secrets), token_uses
        self.tokens = {}
        self.told = []  # (interface, content)
        self.wrong_signatures, self.tokens_given = 0, 0
        self.refuse_next, self.down = [], False

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/evcs/v1/{interface}", self.handle)
        return application

    def statuses(self) -> dict:
        """{ConnectorID: the newest Status told}"""
        infos = [content["ConnectorStatusInfo"] for name, content in self.told if name == "notification_stationStatus"]
        return {info["ConnectorID"]: info["Status"] for info in infos}

    async def handle(self, request: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=503)
        interface, message = request.match_info["interface"], await request.json()
        expected = self.codec.sig(message["OperatorID"] + message["Data"] + message["TimeStamp"] + message["Seq"])
        if message["Sig"] != expected:
            self.wrong_signatures += 1
            return self.answer(4001, "Sig", {})
        content = self.codec.decrypt(message["Data"])
        if interface == "query_token":
            return self.answer(0, "", self.token(content))
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, 0) < 1:
            return self.answer(4002, "token", {})
        self.tokens[token] -= 1
        if interface in self.refuse_next:
            self.refuse_next.remove(interface)
            return self.answer(-1, "busy", {})
        self.told.append((interface, content))
        return self.answer(0, "", {"Status": 0})

    def token(self, content):
        if content["OperatorSecret"] != self.codec.secrets["operator_secret"]:
            return {"SuccStat": 1, "FailReason": 2}
        self.tokens_given += 1
        token = f"token-{self.tokens_given}"
        self.tokens[token] = self.token_uses
        return {"SuccStat": 0, "AccessToken": token, "TokenAvailableTime": 7200, "FailReason": 0}

    def answer(self, ret: int, text: str, content) -> web.Response:
        data = self.codec.encrypt(content)
        return web.json_response(
            {"Ret": ret, "Msg": text, "Data": data, "Sig": self.codec.sig(f"{ret}{text}{data}")}
        )
