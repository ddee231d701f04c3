"""The view's screen from messages alone, without a terminal."""

import copy
import io
import json
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

sys.path.append(str(Path(__file__).parent))

from view_messages import BIRTH, TELEMETRY, gun, telemetry  # noqa: E402

from tools.view import State, render  # noqa: E402
from tools.view_screen import LABELS, STATES, bar  # noqa: E402

ROOT = "guangchu/v1/GC-T/"


def new_state(**fields):
    state = State("GC-T")
    state.linked = True
    state.take(ROOT + "birth", json.dumps(BIRTH).encode(), 0.0)
    state.take(ROOT + "status", b'{"online":true}', 0.0)
    state.take(ROOT + "telemetry", telemetry(**fields), 0.0)
    assert state.not_understood == 0, state.last_problem
    return state


def screen(state, now_s=0.5, language="en", width=80):
    out = io.StringIO()
    Console(file=out, width=width, legacy_windows=False, color_system=None).print(render(state, now_s, language))
    return out.getvalue()


def test_everything_the_station_says_is_on_the_screen():
    text = screen(new_state())
    for shown in (
        "GC-T", "400.0 kW", "grid / contract", "391.0 kW", "120 ms", "128.0 kW", "-40.0 kW", "60.0 %", "-41.0 kW",
        "25.0 kW", "1.2 kW", "gun1", "charging", "43%", "100.0", "150.0", "grid cap is shared", "peak shaving",
        "gun does not answer", "mqtt grid 300.0 kW (55 s)", "0/1/2 ms", "missed 0", "breaches 0", "0.5 s ago",
    ):
        assert shown in text, shown
    assert "SILENT" not in text and "EMERGENCY" not in text


@pytest.mark.parametrize("language", ["zh", "en", "both"])
@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut(language, width):
    many = [gun(f"gun{number}", power_w=1000 * number) for number in range(1, 13)]
    text = screen(new_state(guns=many), language=language, width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    assert all(f"gun{number}" in text for number in range(1, 13))


@pytest.mark.parametrize(("language", "lines"), [("zh", 26), ("en", 28), ("both", 40)])
def test_a_station_of_six_guns_fits_on_a_screen_of_80_columns(language, lines):
    guns = [gun(f"gun{number}", power_w=1000 * number) for number in range(1, 7)]
    assert len(screen(new_state(guns=guns), language=language).splitlines()) <= lines


def test_each_language_is_itself():
    chinese, english, both = (screen(new_state(), language=each) for each in ("zh", "en", "both"))
    assert "限额分摊" in chinese and "cap is shared" not in chinese and "充电" in chinese
    assert "限额分摊" not in english and "cap is shared" in english
    assert "限额分摊" in both and "cap is shared" in both and "充电" in both and "charging" in both


def test_a_silent_station_looks_silent():
    state = new_state()
    assert "SILENT" not in screen(state, 2.9)
    assert "SILENT" in screen(state, 3.1) and "14.0 s ago" in screen(state, 14.0)
    assert "静默" in screen(state, 60, "zh")
    state.take(ROOT + "telemetry", telemetry(seq=13), 60.0)
    assert "SILENT" not in screen(state, 60.1)


def test_status_and_birth_alone_do_not_make_a_silent_station_look_alive():
    state = new_state()
    state.take(ROOT + "status", b'{"online":true}', 50.0)
    assert "SILENT" in screen(state, 50.1)


def test_the_last_will_is_shown():
    state = new_state()
    state.take(ROOT + "status", b'{"online":false}', 1.0)
    assert "OFFLINE" in screen(state, 1.1) and "离线" in screen(state, 1.1, "zh")


def test_before_the_first_message_it_waits():
    state = State("GC-T")
    text = screen(state)
    assert "waiting for the station" in text and "not connected to the broker" in text
    assert state.age_s(5.0) is None and state.silent(5.0)


def test_what_is_not_known_is_shown_as_not_known():
    text = screen(new_state(grid={"w": None, "age_ms": None, "quality": "absent"}, base_w=None))
    line = next(each for each in text.splitlines() if "gun2" in each)
    assert "unknown" in line and " - " in line and "absent" in text


def test_an_emergency_stop_and_a_missed_cycle_are_seen():
    text = screen(new_state(estop=True, cycle={**TELEMETRY["cycle"], "missed": 3}, invariant_breaches=2))
    assert "EMERGENCY STOP" in text and "missed 3" in text and "breaches 2" in text


def test_a_limit_held_other_than_granted_is_shown():
    assert "(80.0)" in screen(new_state(guns=[gun("gun1", held_w=80000)]))


def test_a_gun_that_the_platform_limits_and_one_that_is_out_of_service_are_shown():
    limited = {"source": "operator", "gun": "gun1", "w": 30000, "expires_s": 55}
    text = screen(new_state(limits=[limited, {"source": "service", "gun": "gun2", "w": 0, "expires_s": None}]))
    assert "operator gun1 30.0 kW (55 s)" in text and "service gun2 0.0 kW" in text and "None" not in text


def test_the_bar_shows_draw_grant_and_the_rest():
    assert bar(100000, 150000, 200000).plain == "████▒▒··"
    assert bar(0, 0, 200000).plain == "·" * 8
    assert bar(None, None, 0).plain == "·" * 8
    assert bar(300000, 150000, 200000).plain == "█" * 8
    assert bar(-100000, 0, 200000).plain == "████····"


def test_the_bar_of_a_gun_uses_its_rating_from_birth():
    assert "████▒▒··" in screen(new_state())


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b"\xff", b"[" * 5000, telemetry(seq="12"), telemetry(extra=1), telemetry(guns=None)],
)
def test_a_message_that_is_not_understood_changes_nothing_else_and_is_counted(payload):
    state = new_state()
    before = copy.deepcopy(state.telemetry)
    state.take(ROOT + "telemetry", payload, 9.0)
    assert state.telemetry == before and state.not_understood == 1 and state.age_s(9.0) == 9.0
    assert "1 messages not understood (telemetry:" in screen(state)


def test_text_from_outside_cannot_steer_the_terminal():
    evil = "\x1b]0;title\x07[bold]x[/bold]"
    alarms = [{"code": "gun_deaf", "device": evil, "zh": evil, "en": evil}]
    text = screen(new_state(alarms=alarms))
    assert "\x1b" not in text and "\x07" not in text and "[bold]" in text


def test_messages_of_other_topics_and_stations_are_none_of_ours():
    state = new_state()
    before = state.messages
    state.take("guangchu/v1/OTHER/telemetry", telemetry(seq=99), 9.0)
    state.take(ROOT + "command", b"x", 9.0)
    assert state.messages == before and state.telemetry["seq"] == 12


def test_an_unknown_language_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="zh, en, both"):
        render(new_state(), 0.0, "fr")


def test_every_label_is_in_both_languages():
    for table in (LABELS, STATES):
        for zh, en in table.values():
            assert any(ord(char) > 0x4E00 for char in zh) and en.isascii()
