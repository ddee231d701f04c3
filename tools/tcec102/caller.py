"""Calls the city's platform: token first, then notifications, each signed; a token that has run out is renewed."""

import time

import aiohttp

from tools.tcec102.envelope import BAD_TOKEN, EnvelopeError, Sealer, Secrets

_TIMEOUT_S = 10
_TOKEN_RESERVE_S = 30  # renewed so long before its end, so that none runs out on its way


class CallFailed(Exception):
    """The platform was not reached or did not answer as the standard says."""


class Caller:
    """url: the platform's root, such as `https://host/evcs/v1`. secrets: those for calls from us to it."""

    def __init__(self, url: str, secrets: Secrets, session: aiohttp.ClientSession):
        self._url, self._sealer, self._session = url.rstrip("/"), Sealer(secrets), session
        self._secrets = secrets
        self._token, self._token_until_s = "", 0.0

    async def call(self, interface: str, content: dict) -> dict:
        """The content of the answer. Raises CallFailed, or EnvelopeError with the platform's Ret."""
        try:
            return await self._call(interface, content)
        except EnvelopeError as error:
            if error.ret != BAD_TOKEN:
                raise
        self._token_until_s = 0.0
        return await self._call(interface, content)

    async def _call(self, interface: str, content: dict) -> dict:
        if time.monotonic() >= self._token_until_s:
            await self._renew()
        return await self._post(interface, content, {"Authorization": "Bearer " + self._token})

    async def _renew(self) -> None:
        secrets = self._secrets
        asked = {"OperatorID": secrets.operator_id, "OperatorSecret": secrets.operator_secret}
        answer = await self._post("query_token", asked, {})
        if answer.get("SuccStat") != 0 or not isinstance(answer.get("AccessToken"), str):
            raise CallFailed(f"query_token: FailReason {answer.get('FailReason')}")
        self._token = answer["AccessToken"]
        valid_s = answer.get("TokenAvailableTime", 0)
        self._token_until_s = time.monotonic() + max(1, valid_s - _TOKEN_RESERVE_S)

    async def _post(self, interface: str, content: dict, headers: dict) -> dict:
        url = f"{self._url}/{interface}"
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        try:
            async with self._session.post(
                url, json=self._sealer.request(content), headers=headers, timeout=timeout
            ) as answer:
                if answer.status != 200:
                    raise CallFailed(f"{url}: HTTP {answer.status}")
                message = await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise CallFailed(f"{url}: {error or type(error).__name__}") from error
        return self._sealer.open_answer(message)
