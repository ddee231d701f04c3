# runs on: cpython, micropython
"""The checked station: what the check leaves behind for every later start, and when it is believed."""

import gc
import json
import os

from firmware import checked, config
from firmware.take_in import take_in

ROOT = __file__.rsplit("/tests/", 1)[0]
FOLDER = ROOT + "/build/checked-%d/" % (id(checked) & 0xFFFFFF)
PROFILES = ROOT + "/tools/stations/profiles/"


def station(**changes):
    with open(ROOT + "/tools/stations/demo.json", encoding="utf-8") as file:
        data = json.load(file)
    data.update(changes)
    return data


def put(name, content):
    with open(FOLDER + name, "wb") as file:
        file.write(content if isinstance(content, bytes) else json.dumps(content).encode())


def content(name):
    with open(FOLDER + name, "rb") as file:
        return file.read()


def taken_in(firmware="1"):
    """take_in() as at a start: with the tables of an earlier check out of memory."""
    config.unload()
    gc.collect()
    return take_in(FOLDER, firmware)


def in_folder(body):
    for folder in (ROOT + "/build", FOLDER[:-1], FOLDER + "profiles"):
        try:
            os.mkdir(folder)
        except OSError:
            pass
    try:
        put("station.json", station())
        body()
    finally:
        config.unload()
        for name in os.listdir(FOLDER + "profiles"):
            os.remove(FOLDER + "profiles/" + name)
        os.rmdir(FOLDER + "profiles")
        for name in os.listdir(FOLDER[:-1]):
            os.remove(FOLDER + name)
        os.rmdir(FOLDER[:-1])


def test_a_checked_station_is_the_completed_station_file():
    def body():
        assert checked.look(FOLDER, "1") == (False, 0)
        assert taken_in()
        assert checked.look(FOLDER, "1") == (True, 0)
        loaded = checked.load(FOLDER)
        ages, busy, names = loaded.pop("promise")
        betas = [each["id"] for each in loaded["devices"] if each.pop("beta", False)]
        assert "gun4" in betas and "meter" not in betas
        assert loaded == config.completed(station())
        assert set(ages) == {each["id"] for each in loaded["devices"]}
        assert set(busy) == {each["id"] for each in loaded["buses"]}
        assert all([0 < ages[each] < 5000 for each in ages]) and names["gun"] == ["state", "power_w"]
        assert loaded["devices"][0]["refresh_ms"] == 200 and len(loaded["devices"]) == 10
        devices = [value for key, value in checked.parts(FOLDER) if key == "devices"]
        assert [len(each) for each in devices] == [1] * 10 and devices[9][0]["id"] == "gun6"
        assert sorted(os.listdir(FOLDER[:-1])) == ["profiles", "station.checked", "station.json"]

    in_folder(body)


def test_a_refused_file_leaves_the_last_good_station_in_force_until_it_is_changed_again():
    def body():
        assert taken_in()
        before = content("station.checked")
        bad = station(cycle_ms=20, board="toaster")
        put("station.json", bad)
        assert checked.look(FOLDER, "1") == (False, 0)
        assert not taken_in()
        assert content("station.checked") == before
        assert checked.look(FOLDER, "1") == (True, 2), "not checked again at every start"
        said = content("station.refused").decode()
        assert "cycle_ms" in said and "允许" in said and "allowed" in said and "toaster" in said
        put("station.json", station(cycle_ms=400))
        assert checked.look(FOLDER, "1") == (False, 0)
        assert taken_in() and checked.load(FOLDER)["cycle_ms"] == 400
        put("station.json", bad)
        assert checked.look(FOLDER, "1") == (True, 2), "the same bad file again"

    in_folder(body)


def test_what_is_no_json_and_what_is_gone_are_refused_too():
    def body():
        assert taken_in()
        put("station.json", b'{"schema": 1,')
        assert not taken_in() and checked.look(FOLDER, "1") == (True, 1)
        os.remove(FOLDER + "station.json")
        assert checked.look(FOLDER, "1") == (False, 0)
        assert not taken_in() and checked.look(FOLDER, "1") == (True, 1)

    in_folder(body)


def test_without_a_good_station_a_refused_one_stays_refused():
    def body():
        put("station.json", station(cycle_ms=20))
        assert not taken_in()
        assert checked.look(FOLDER, "1") == (False, 0)
        assert checked.about(FOLDER, "station.checked") is None

    in_folder(body)


def test_another_firmware_checks_again():
    def body():
        assert taken_in("1")
        assert checked.look(FOLDER, "2") == (False, 0)
        assert taken_in("2") and checked.look(FOLDER, "2") == (True, 0)

    in_folder(body)


def test_a_changed_custom_profile_is_checked_again():
    def body():
        with open(PROFILES + "foxess_evc.json", "rb") as file:
            profile = file.read()
        put("profiles/foxess_evc.json", profile)
        data = station()
        for device in data["devices"]:
            if device["profile"] == "foxess_evc":
                device["profile"] = "custom:foxess_evc"
        put("station.json", data)
        assert taken_in() and checked.look(FOLDER, "1") == (True, 0)
        put("profiles/foxess_evc.json", b" " + profile)
        assert checked.look(FOLDER, "1") == (False, 0)
        assert taken_in()
        put("profiles/foxess_evc.json", profile[:-20])
        assert not taken_in() and checked.look(FOLDER, "1")[0]
        put("profiles/foxess_evc.json", b" " + profile)
        assert checked.look(FOLDER, "1") == (True, 0)

    in_folder(body)


def test_a_checked_file_with_any_byte_changed_or_cut_off_is_not_believed():
    def body():
        assert taken_in()
        good = content("station.checked")
        for at in list(range(0, 60)) + list(range(60, len(good), 97)):
            put("station.checked", good[:at] + bytes([good[at] ^ 0x04]) + good[at + 1 :])
            assert checked.about(FOLDER, "station.checked") is None, at
            put("station.checked", good[:at])
            assert checked.about(FOLDER, "station.checked") is None, at
        put("station.checked", good + b"\n")
        assert checked.look(FOLDER, "1") == (False, 0)
        put("station.checked", good)
        assert checked.look(FOLDER, "1") == (True, 0)

    in_folder(body)
