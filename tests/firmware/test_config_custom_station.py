# runs on: cpython, micropython
"""A station with a custom profile: found beside the station file, refused with it, and built into devices."""

import gc
import json
import os

from firmware import config

ROOT = __file__.rsplit("/tests/", 1)[0]
DEMO = ROOT + "/tools/stations/demo.json"
PROFILES = ROOT + "/tools/stations/profiles/"


def profile():
    with open(PROFILES + "foxess_evc.json") as file:
        return json.load(file)


def station(path, name):
    """The demo station in a folder of its own, its FoxESS guns by a custom profile."""
    with open(DEMO) as file:
        data = json.load(file)
    for device in data["devices"]:
        if device["profile"] == "foxess_evc":
            device["profile"] = "custom:" + name
    with open(path + "/station.json", "w") as file:
        json.dump(data, file)
    return [index for index, each in enumerate(data["devices"]) if each["profile"] == "custom:" + name]


def in_folder(body):
    folder = ROOT + "/build"
    for name in ("", "/custom-profile-test", "/custom-profile-test/profiles"):
        try:
            os.mkdir(folder + name)
        except OSError:
            pass
    folder += "/custom-profile-test"
    try:
        body(folder)
    finally:
        for name in ("/profiles/mine.json", "/station.json"):
            try:
                os.remove(folder + name)
            except OSError:
                pass


def write_profile(folder, data):
    with open(folder + "/profiles/mine.json", "w") as file:
        file.write(data if isinstance(data, str) else json.dumps(data))


def refusals(folder):
    config.unload()  # as at a start: the check and the drivers do not fit the heap side by side
    gc.collect()
    try:
        config.load(folder + "/station.json")
    except config.ConfigError as error:
        return [(problem.path, problem.code) for problem in error.problems]
    return []


def test_a_station_finds_its_custom_profiles_beside_its_file():
    def body(folder):
        used = station(folder, "mine")
        write_profile(folder, profile())
        loaded = config.load(folder + "/station.json")
        files = [loaded["devices"][i]["profile_file"] for i in used]
        assert files and files == [folder + "/profiles/mine.json"] * len(used)
        config.unload()  # as at the start of a station: tables and check do not fit a board's heap side by side
        from drivers.build import build_buses

        _, devices = build_buses(loaded, None)
        assert devices[loaded["devices"][used[0]]["id"]].profile.name == "custom:mine"

    in_folder(body)


def test_a_station_with_a_bad_custom_profile_is_refused_once_with_every_problem():
    def body(folder):
        used = station(folder, "mine")
        where = "devices[%d].profile" % used[0]
        assert refusals(folder)[-1] == (where, "profile_file"), "there is no file"
        write_profile(folder, '{"schema": 1,')
        assert refusals(folder)[-1] == (where, "profile_file")
        data = profile()
        data["points"][0]["type"], data["points"][1]["register"] = "u17", -1
        write_profile(folder, data)
        assert refusals(folder) == [
            ("profiles/mine.json: points[0].type", "choice"), ("profiles/mine.json: points[1].register", "range"),
            (where, "profile_file"),
        ]  # fmt: skip

    in_folder(body)


def test_a_device_must_have_what_its_custom_profile_needs_and_no_more_watchdog():
    def body(folder):
        used = station(folder, "mine")[0]
        data = profile()
        data["needs"], data["watchdog_s"] = ["phases", "connector"], None
        write_profile(folder, data)
        found = refusals(folder)
        assert ("devices[%d].connector" % used, "missing") in found
        assert ("devices[%d].watchdog_s" % used, "watchdog_none") in found
        data["role"] = "pv"
        write_profile(folder, data)
        assert refusals(folder)

    in_folder(body)
