"""A board that was installed for another station refuses a file whose drivers it does not have, and names them."""

import json
import sys

import pytest

from firmware import config
from tests.micropython_collector import REPOSITORY

DEMO = REPOSITORY / "tools/stations/demo.json"


@pytest.mark.parametrize(
    ("missing", "places"),
    [
        ("drivers.profiles.alpitronic_hyc", ["devices[4].profile", "devices[5].profile", "devices[6].profile"]),
        ("drivers.modbus.serial_link", ["buses[0].kind", "buses[1].kind", "buses[2].kind"]),
        ("drivers.modbus.tcp", [f"buses[{index}].kind" for index in range(3, 9)]),
    ],
)
def test_what_is_not_on_the_board_is_named(monkeypatch, missing, places):
    station = json.loads(DEMO.read_text(encoding="utf-8"))
    assert config.check(station) == []
    monkeypatch.setitem(sys.modules, missing, None)  # as if its file were not there
    found = config.check_in_time(config.completed(station))
    assert [each.path for each in found] == places
    assert all("not installed" in each.text("en") and "重新安装固件" in each.text("zh") for each in found)
