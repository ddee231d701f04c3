"""The gateway between a real broker and a stand-in platform that checks every signature on its own."""

import asyncio
import json
import sys
from argparse import Namespace
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import paho.mqtt.client as paho
import pytest
from aiohttp import web

sys.path += [str(Path(__file__).parent), str(Path(__file__).parent / "tcec102")]

from stand_in_platform import Codec, Platform  # noqa: E402
from view_messages import BIRTH, TELEMETRY, gun  # noqa: E402

from tools import gateway  # noqa: E402
from tools.broker import Broker  # noqa: E402

TO_PLATFORM = {
    "operator_id": "MA1234567",
    "operator_secret": "ours",
    "data_secret": "1234567890abcdef",
    "data_secret_iv": "abcdef1234567890",
    "sig_secret": "sig-ours",
}
FROM_PLATFORM = {**TO_PLATFORM, "operator_id": "CITY00001", "operator_secret": "theirs", "sig_secret": "sig-theirs"}
CONNECTOR = "GC-T-b-1-1"


def file_of(platform_url):
    return {
        "platform_url": platform_url,
        "listen": {"host": "127.0.0.1", "port": 0},
        "to_platform": TO_PLATFORM,
        "from_platform": FROM_PLATFORM,
        "stations": {"GC-T": {"Address": "road 1", "StationLng": 106.5, "StationLat": 29.5}},
    }


class Scene:
    """platform: the stand-in; url: where the gateway listens; tell(kind, message): the station says something."""

    def __init__(self, platform, client):
        self.platform, self._client = platform, client
        self.url, self.gateway = "", None

    def tell(self, kind, message):
        self._client.publish(f"guangchu/v1/GC-T/{kind}", json.dumps(message), qos=1, retain=kind != "telemetry")

    async def tell_all(self, state="charging"):
        self.tell("birth", BIRTH)
        self.tell("status", {"online": True})
        # what is retained comes whenever the gateway subscribes; telemetry is lost on whoever does not listen yet
        await until(lambda: self.gateway.stations["GC-T"].online, "the gateway listens")
        self.tell("telemetry", {**TELEMETRY, "guns": [gun("gun1", state)]})

    async def ask(self, session, interface, content, token="", **changes):
        headers = {"Authorization": "Bearer " + token}
        message = Codec(FROM_PLATFORM).request(content, **changes)
        async with session.post(f"{self.url}/{interface}", json=message, headers=headers) as answer:
            return await answer.json()


async def until(condition, what, timeout_s=20):
    end_s = asyncio.get_running_loop().time() + timeout_s
    while not condition():
        assert asyncio.get_running_loop().time() < end_s, f"not within {timeout_s} s: {what}"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def running(platform):
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    runner = web.AppRunner(platform.application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with Broker(user="platform", password="secret") as broker:
        options = Namespace(
            host="127.0.0.1", port=broker.port, user="platform", password="secret", ca=None, cert=None, key=None
        )
        station = paho.Client(paho.CallbackAPIVersion.VERSION2)
        station.username_pw_set("platform", "secret")
        await loop.run_in_executor(None, lambda: station.connect("127.0.0.1", broker.port))
        station.loop_start()
        scene = Scene(platform, station)

        def stand(made, port):
            scene.gateway, scene.url = made, f"http://127.0.0.1:{port}"
            ready.set()

        config = file_of(f"http://127.0.0.1:{runner.addresses[0][1]}/evcs/v1")
        task = asyncio.create_task(gateway.serve(config, options, stand))
        try:
            await asyncio.wait_for(ready.wait(), 10)
            yield scene
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            station.disconnect()
            station.loop_stop()
            await runner.cleanup()


def test_the_platform_learns_of_the_station_and_of_every_change_of_a_connector():
    async def play():
        platform = Platform(TO_PLATFORM)
        async with running(platform) as scene:
            await scene.tell_all("charging")
            await until(lambda: platform.statuses().get(CONNECTOR) == 3, "charging was told")
            infos = [content["StationInfo"] for name, content in platform.told if name == "notification_stationInfo"]
            assert infos[-1]["StationID"] == "GC-T" and infos[-1]["Address"] == "road 1"
            scene.tell("telemetry", {**TELEMETRY, "guns": [gun("gun1", "idle")]})
            await until(lambda: platform.statuses()[CONNECTOR] == 1, "idle was told")
            told = len(platform.told)
            scene.tell("telemetry", {**TELEMETRY, "seq": 13, "guns": [gun("gun1", "idle")]})
            scene.tell("status", {"online": False})
            await until(lambda: platform.statuses()[CONNECTOR] == 0, "offline was told")
            assert len(platform.told) == told + 2, "what has not changed is not told again"
        assert platform.wrong_signatures == 0 and platform.tokens_given == 1

    asyncio.run(play())


def test_a_platform_that_is_down_busy_or_forgets_its_tokens_is_told_in_the_end():
    async def play():
        platform = Platform(TO_PLATFORM, token_uses=1)
        platform.down = True
        platform.refuse_next = ["notification_stationInfo"]
        async with running(platform) as scene:
            await scene.tell_all("charging")
            await until(lambda: scene.gateway.stations["GC-T"].telemetry, "the gateway heard the station")
            await asyncio.sleep(0.3)
            assert not platform.told
            platform.down = False
            await until(lambda: platform.statuses().get(CONNECTOR) == 3, "charging was told")
        assert platform.tokens_given >= 2 and platform.wrong_signatures == 0

    asyncio.run(play())


def test_the_platform_asks_for_stations_and_their_status_with_a_token():
    async def play():
        codec = Codec(FROM_PLATFORM)
        async with running(Platform(TO_PLATFORM)) as scene, aiohttp.ClientSession() as session:
            await scene.tell_all("suspended")
            await until(lambda: scene.gateway.stations["GC-T"].telemetry, "the gateway heard the station")
            credentials = {"OperatorID": "CITY00001", "OperatorSecret": "theirs"}
            granted = codec.answer_content(await scene.ask(session, "query_token", credentials))
            token = granted["AccessToken"]
            page = codec.answer_content(await scene.ask(session, "query_stations_info", {"PageNo": 1}, token))
            assert page["ItemSize"] == 1 and page["StationInfos"][0]["EquipmentInfos"][0]["Power"] == 200.0
            asked = {"StationIDs": ["GC-T", "nobody"]}
            status = codec.answer_content(await scene.ask(session, "query_station_status", asked, token))
            assert status["Total"] == 1
            assert status["StationStatusInfos"][0]["ConnectorStatusInfos"][0]["Status"] == 2

            refused = [
                (await scene.ask(session, "query_stations_info", {}, "no token"))["Ret"],
                (await scene.ask(session, "query_stations_info", {}, token, Sig="0" * 32))["Ret"],
                (await scene.ask(session, "query_stations_info", {"PageNo": 0}, token))["Ret"],
                (await scene.ask(session, "query_station_status", {"StationIDs": "GC-T"}, token))["Ret"],
                (await scene.ask(session, "query_start_charge", {}, token))["Ret"],
            ]
            assert refused == [4002, 4001, 4003, 4003, 4004]
            wrong = await scene.ask(session, "query_token", {**credentials, "OperatorSecret": "guess"})
            assert codec.answer_content(wrong)["SuccStat"] == 1
            async with session.post(scene.url + "/query_token", data=b"[" * 50000) as answer:
                assert (await answer.json())["Ret"] == 4003

    asyncio.run(play())


def test_hostile_messages_from_the_broker_change_nothing():
    async def play():
        async with running(Platform(TO_PLATFORM)) as scene:
            await scene.tell_all("charging")
            await until(lambda: scene.platform.statuses().get(CONNECTOR) == 3, "charging was told")
            for message in ({"online": "yes"}, [], {"online": True, "more": 1}):
                scene.tell("status", message)
            scene.tell("birth", {"station": "GC-T"})
            await until(lambda: scene.gateway.refused == 4, "all four were refused")
            assert scene.platform.statuses() == {CONNECTOR: 3}

    asyncio.run(play())


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"platform_url": "ftp://x"}, "$.platform_url"),
        ({"stations": {}}, "$.stations"),
        ({"listen": {"host": "127.0.0.1", "port": 70000}}, "$.listen.port"),
        ({"to_platform": {**TO_PLATFORM, "data_secret": "a secret too short"[:5]}}, "$.to_platform.data_secret"),
        ({"more": 1}, "more"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place_and_without_its_secrets(tmp_path, capsys, change, found):
    path = tmp_path / "gateway.json"
    path.write_text(json.dumps({**file_of("http://127.0.0.1:1"), **change}))
    assert gateway.main([str(path)]) == 2
    said = capsys.readouterr().err
    assert str(path) in said and found in said
    assert "a sec" not in said


def test_a_missing_file_is_named(tmp_path, capsys):
    assert gateway.main([str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err
