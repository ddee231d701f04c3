"""The interfaces that the city's platform calls on us: query_token, query_stations_info, query_station_status.

Every other interface of the standard (authentication, orders, starting and stopping) is answered with 4004 "not
supported": vehicles are authorised by the operator's own platform, not by the station.
"""

import hmac
import json
import secrets as random
import time

from aiohttp import web

from tools.tcec102.envelope import BAD_PARAMETER, BAD_TOKEN, NOT_POSSIBLE, OK, EnvelopeError, Sealer, Secrets

_TOKEN_VALID_S = 7200
_MAX_BYTES = 64 * 1024
_MOST_A_PAGE = 50
_MOST_STATIONS_ASKED = 50


class Interfaces:
    """stations: {station id: objects.Station}. secrets: those for calls from the platform to us."""

    def __init__(self, stations: dict, secrets: Secrets):
        self._stations, self._secrets, self._sealer = stations, secrets, Sealer(secrets)
        self._tokens = {}  # token: monotonic s of its end
        self._answers = {
            "query_token": self._token,
            "query_stations_info": self._stations_info,
            "query_station_status": self._station_status,
        }

    def application(self) -> web.Application:
        application = web.Application(client_max_size=_MAX_BYTES)
        application.router.add_post("/{interface}", self._handle)
        return application

    async def _handle(self, request: web.Request) -> web.Response:
        interface = request.match_info["interface"]
        try:
            content = self._sealer.open_request(await _json(request))
            if interface != "query_token":
                self._check_token(request.headers.get("Authorization", ""))
            if interface not in self._answers:
                raise EnvelopeError(NOT_POSSIBLE, f"{interface}: not supported, known: {', '.join(self._answers)}")
            message = self._sealer.answer(OK, "", self._answers[interface](content))
        except EnvelopeError as error:
            message = self._sealer.answer(error.ret, str(error), {})
        return web.json_response(message)

    def _check_token(self, header: str) -> None:
        token = header.removeprefix("Bearer ")
        if time.monotonic() >= self._tokens.get(token, 0.0):
            raise EnvelopeError(BAD_TOKEN, "Authorization: found no valid token, query_token gives one")

    def _token(self, content: dict) -> dict:
        known, found = self._secrets, str(content.get("OperatorSecret", ""))
        right = hmac.compare_digest(found.encode(), known.operator_secret.encode())
        if not right or content.get("OperatorID") != known.operator_id:
            reason = 1 if content.get("OperatorID") != known.operator_id else 2  # 1 no such operator, 2 wrong secret
            return {"OperatorID": known.operator_id, "SuccStat": 1, "FailReason": reason}
        now_s = time.monotonic()
        self._tokens = {token: end_s for token, end_s in self._tokens.items() if end_s > now_s}
        token = random.token_hex(16)
        self._tokens[token] = now_s + _TOKEN_VALID_S
        return {
            "OperatorID": known.operator_id,
            "SuccStat": 0,
            "AccessToken": token,
            "TokenAvailableTime": _TOKEN_VALID_S,
            "FailReason": 0,
        }

    def _stations_info(self, content: dict) -> dict:
        page = _whole(content, "PageNo", 1, 1 << 20, 1)
        size = _whole(content, "PageSize", 1, _MOST_A_PAGE, 10)
        stations = [self._stations[each] for each in sorted(self._stations)]
        shown = stations[(page - 1) * size : page * size]
        return {
            "PageNo": page,
            "PageCount": max(1, -(-len(stations) // size)),
            "ItemSize": len(stations),
            "StationInfos": [station.info() for station in shown],
        }

    def _station_status(self, content: dict) -> dict:
        asked = content.get("StationIDs")
        if not isinstance(asked, list) or len(asked) > _MOST_STATIONS_ASKED:
            raise EnvelopeError(BAD_PARAMETER, f"StationIDs: allowed: a list of at most {_MOST_STATIONS_ASKED}")
        known = [each for each in asked if isinstance(each, str) and each in self._stations]
        return {
            "Total": len(known),
            "StationStatusInfos": [
                {"StationID": each, "ConnectorStatusInfos": self._stations[each].status_info()} for each in known
            ],
        }


async def _json(request: web.Request):
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise EnvelopeError(BAD_PARAMETER, "message: found no JSON") from error


def _whole(content: dict, name: str, least: int, most: int, default: int) -> int:
    value = content.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise EnvelopeError(BAD_PARAMETER, f"{name}: found {value!r:.20}, allowed: {least}..{most}")
    return value
