"""Flashing with the real mpremote onto a real MicroPython with a LittleFS, and everything that can go wrong on the way.

The firmware of most tests is one of two small modules; the last test flashes the real one.
"""

import dataclasses
import json
import shutil
import socket
import threading

import pytest

from tests.micropython_collector import REPOSITORY, find_micropython, not_run
from tests.tools.virtual_board import VirtualBoard
from tools import flash
from tools.firmware_image import build
from tools.flash_board import Board
from tools.flash_texts import TEXTS, FlashError

STATION = REPOSITORY / "tools" / "stations" / "no_storage.json"
FIRMWARE = """\
import time

from firmware import extra, same

def main():
    print("Guangchu: TINY {version}", extra.TEXT[:2])
    try:
        while True:
            time.sleep_ms(20)
    except KeyboardInterrupt:
        print("safe state")
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Two versions: a module that changes, one that stays, one that is only in the first."""
    return [tiny(tmp_path_factory.mktemp(version), version) for version in ("v1", "v2")]


def tiny(root, version):
    shutil.copytree(REPOSITORY / "boards" / "unix", root / "boards" / "unix")
    (root / "firmware").mkdir()
    only = "    import firmware.only\n" if version == "v1" else ""
    for name, source in (("main.py", FIRMWARE.format(version=version) + only), ("same.py", "A = 1\n"),
                         ("extra.py", f"TEXT = {version * 3000!r}\n"), ("only.py", "B = 1\n")):
        (root / "firmware" / name).write_text(source)
    image = dataclasses.replace(build("unix", root=root, own_names=True), station_id="TINY")
    image.files = {"station.json": b"{}", **image.files}
    return image


@pytest.fixture
def virtual(tmp_path):
    find_micropython() or not_run("micropython is not installed")
    with VirtualBoard(tmp_path, blocks=64) as board:
        yield board


def run(board, image, files=None):
    """What a run told, [(key, facts)]; its FlashError passes through."""
    told = []

    def tell(key, **facts):
        told.append((key, facts))

    connected = Board(board.port, lambda line: tell("says", line=line))
    try:
        flash.Flashing(connected, image, files or image.files, tell).run()
    finally:
        connected.close()
    return told


def keys_of(told):
    return [key for key, _ in told if key not in ("sent", "says", "board_is")]


def lines_of(told):
    return [facts["line"] for key, facts in told if key == "says"]


def on_board(board):
    """Everything on the board's flash, {path: SHA-256}, asked of the board itself."""
    connected = Board(board.port)
    try:
        connected.stop()
        connected.start_agent()
        names = [name for name, in connected.ask("[print(json.dumps([each])) for each in os.listdir()]")]
        return {path: digest for path, _, digest in connected.ask(f"tree({names!r}, {names!r})")}
    finally:
        connected.close()


def starts_with(board):
    """The station's title after a power cut and a start."""
    board.power_cut()
    connected = Board(board.port)
    try:
        heard = []
        connected.hears = heard.append
        connected.first_words("Guangchu: TINY ", 30)
        return heard[-1]
    except FlashError as error:
        return str(error.facts["found"])
    finally:
        connected.close()


def digests(image):
    return {path: flash.sha256(data) for path, data in image.files.items()}


def test_a_new_board_then_an_update_then_nothing(virtual, images):
    first, second = images
    told = run(virtual, first)
    assert keys_of(told) == ["stopping", "plan", "unpacking", "verified", "switched", "resetting", "done"]
    assert "Guangchu: TINY v1 v1" in lines_of(told) and on_board(virtual) == digests(first)

    told = run(virtual, second)
    plan = dict(told)["plan"]
    # main and extra differ; `only` does not belong any more.
    assert (plan["send"], plan["remove"]) == (2, 1) and plan["same"] == len(second.files) - 2
    assert "Guangchu: TINY v2 v2" in lines_of(told)

    told = run(virtual, second)
    assert keys_of(told) == ["stopping", "nothing", "resetting", "done"]
    # The station that ran was interrupted once and could do what it does before it stops.
    assert "safe state" in lines_of(told) and on_board(virtual) == digests(second)


def test_the_cable_or_the_power_goes_at_any_point_and_a_repeat_mends_it(virtual, images):
    """The old station starts until the decision, the new one after it; never a mixture, never nothing."""
    run(virtual, images[1])
    for number, (cut_at, cuts_power, state, is_new) in enumerate((
        # A command follows the byte 1 that asks for raw paste, and is carried out at the byte 4.
        (b"\x01add(", False, "state_old", False),  # the pack has begun
        (b"\x01rename('update.part', 'update.bin')", True, "state_switching", False),
        (b"\x01finish()", True, "state_new", True),  # it has its name, nothing is unpacked
        (b"\x01finish()\x04", True, "state_new", True),  # while it is unpacked
    )):
        wanted, other = images[number % 2], images[1 - number % 2]
        virtual.cut_at, virtual.cuts_power = cut_at, cuts_power
        with pytest.raises(FlashError) as caught:
            run(virtual, wanted)
        assert (caught.value.key, caught.value.facts["state"]) == ("lost", state), cut_at
        version = "v1" if (wanted if is_new else other) is images[0] else "v2"
        assert starts_with(virtual) == f"Guangchu: TINY {version} {version}", cut_at
        run(virtual, wanted)
    assert on_board(virtual) == digests(wanted)


def test_a_flash_without_room_for_both_is_marked_incomplete_meanwhile(tmp_path, images):
    find_micropython() or not_run("micropython is not installed")
    first, second = [dataclasses.replace(each, files={f"firmware/t{index}.txt": each.build_id.encode() * 500
                                                      for index in range(4)} | each.files) for each in images]
    with VirtualBoard(tmp_path, blocks=48) as board:
        run(board, first)
        board.cut_at, board.cuts_power = b"\x01prune(", True  # the first part is in its place
        with pytest.raises(FlashError) as caught:
            run(board, second)
        assert caught.value.facts["state"] == "state_incomplete"
        assert "make flash" in starts_with(board)
        run(board, second)
        assert on_board(board) == digests(second)


def test_a_full_flash_and_a_wrong_board_are_refused_and_the_station_goes_on(virtual, images):
    first, second = images
    run(virtual, first)
    with pytest.raises(FlashError) as caught:
        run(virtual, second, dict(second.files) | {"firmware/big.txt": bytes(200_000)})
    assert caught.value.key == "full" and caught.value.facts["missing"] > 0
    for change, key in (
        ({"platform": "rp2"}, "wrong_board"),
        ({"machines": ["Raspberry Pi Pico W with RP2040"]}, "wrong_board"),
        ({"micropython": "9.0.0"}, "old_micropython"),
        ({"architecture": "armv6m"}, "other_mpy"),
    ):
        with pytest.raises(FlashError) as caught:
            run(virtual, dataclasses.replace(second, facts=dataclasses.replace(second.facts, **change)))
        assert caught.value.key == key and caught.value.facts["found"] and caught.value.facts["allowed"]
    # The station has been started again without anybody's help: it is interrupted now.
    told = run(virtual, first)
    assert "safe state" in lines_of(told) and "nothing" in keys_of(told)


def test_what_is_damaged_is_mended_and_what_is_the_stations_own_stays(virtual, images):
    first, _ = images
    run(virtual, first)
    connected = Board(virtual.port)
    connected.stop()
    connected.start_agent()
    connected.put("firmware/extra.mpy", first.files["firmware/extra.mpy"][:100])
    connected.put("firmware/main.py", b"a source file would hide the module")
    connected.put("update.part", b"what an interrupted run left")
    own = ("state", "keys.json", "boot.py")
    for path in own:
        connected.put(path, b"1")
    connected.close()
    plan = dict(run(virtual, first))["plan"]
    assert (plan["send"], plan["remove"]) == (1, 1)
    assert on_board(virtual) == digests(first) | {path: flash.sha256(b"1") for path in own}


def test_a_station_that_does_not_start_is_reported_with_what_it_said(virtual, images):
    first, _ = images
    with pytest.raises(FlashError) as caught:
        run(virtual, first, first.files | {"firmware/extra.mpy": b"no mpy at all"})
    assert caught.value.key == "not_started" and "ValueError" in caught.value.facts["found"]


class Peer:
    """Something else than a board at the end of the port: answer(data) says what it sends back."""

    def __init__(self, answer):
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, args=(answer,), daemon=True).start()

    def _serve(self, answer):
        try:
            client, _ = self._server.accept()
            while True:
                client.sendall(answer(client.recv(4096)))
        except OSError:
            pass


@pytest.mark.parametrize("answer", [
    lambda data: b"",
    lambda data: data,
    lambda data: bytes(range(256)) * 200,
    lambda data: b"\r\n>>> ",
    lambda data: b"\r\n>>> raw REPL; CTRL-B to exit\r\n>MPY: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>",
], ids=["silence", "echo", "a flood", "prompts", "half a board"])
def test_nonsense_from_the_port_is_a_message(answer, monkeypatch):
    for name in ("_FIRST_BYTE_S", "_SAFE_STATE_S", "_ANSWER_S"):
        monkeypatch.setattr(f"tools.flash_board.{name}", 0.4)
    board = Board(Peer(answer).port)
    with pytest.raises(FlashError) as caught:
        board.stop()
        board.start_agent()
        board.ask("who()")
    board.close()
    assert caught.value.key in ("no_repl", "nonsense", "silent")
    assert all(each.isprintable() or each == "\n" for each in caught.value.says("both"))


def test_a_port_that_is_not_there_is_a_message():
    server = socket.create_server(("127.0.0.1", 0))
    port = f"socket://127.0.0.1:{server.getsockname()[1]}"
    server.close()
    with pytest.raises(FlashError) as caught:
        Board(port)
    assert caught.value.key == "no_port" and port in caught.value.says("zh")


def test_a_bad_station_file_or_key_file_is_refused_before_the_board_is_touched(tmp_path, capsys):
    def refused(station, *more):
        path = tmp_path / "station.json"
        path.write_text(json.dumps(station) if isinstance(station, dict) else station)
        assert flash.main(["--board", "unix", "--port", "nowhere", "--station", str(path), *more]) == 2
        return capsys.readouterr().out

    good = json.loads(STATION.read_text())
    assert "station.json:1:" in refused(STATION.read_text()[:100].replace("\n", ""))
    assert "board: found rpi_pico_w; allowed: unix" in refused(good | {"board": "rpi_pico_w"})
    assert "found 20; allowed: >= 44" in refused(good)
    keys = tmp_path / "keys.json"
    for content in ('["secret"]', '{"secret', "secret" * 2000):
        keys.write_text(content)
        said = refused(good, "--keys", str(keys))
        assert "keys.json: found" in said and content[:20] not in said
    assert "keys.json" in refused(good, "--keys", str(tmp_path / "none" / "keys.json"))


def test_every_text_has_both_languages_and_the_same_facts():
    for key, (zh, en) in TEXTS.items():
        assert sorted(part.split("}")[0] for part in zh.split("{")[1:]) == \
            sorted(part.split("}")[0] for part in en.split("{")[1:]), key


def test_the_real_firmware_is_flashed_with_custom_profiles_starts_and_is_updated(tmp_path):
    find_micropython() or not_run("micropython is not installed")
    shutil.copytree(REPOSITORY / "tools" / "stations" / "profiles", tmp_path / "profiles")
    text = (REPOSITORY / "tools" / "stations" / "gateways.json").read_text()
    station, keys = tmp_path / "station.json", tmp_path / "keys.json"
    station.write_text(text)
    keys.write_text('{"mqtt_password": "secret"}')
    with VirtualBoard(tmp_path) as board:
        said = []
        assert flash.flash("unix", board.port, station, keys, "en", True, said.append) == 0, said
        assert said[-1].startswith("done: station ") and "secret" not in "\n".join(said)
        assert (board.flash / "keys.json").read_bytes() == keys.read_bytes()
        assert sorted(path.name for path in (board.flash / "profiles").iterdir()) == \
            sorted(path.name for path in (tmp_path / "profiles").iterdir())
        changed = text.replace('"zh": "', '"zh": "新', 1)
        station.write_text(changed)
        said.clear()
        assert flash.flash("unix", board.port, station, None, "en", True, said.append) == 0, said
        assert "1 files to write" in "\n".join(said) and (board.flash / "keys.json").exists()
        assert (board.flash / "station.json").read_text() == changed


def test_an_interrupt_at_the_host_leaves_the_station_running(virtual, images):
    first, second = images
    run(virtual, first)
    connected = Board(virtual.port)

    def interrupt(key, **facts):
        if key == "sent":
            raise KeyboardInterrupt

    with pytest.raises(FlashError) as caught:
        flash.Flashing(connected, second, second.files, interrupt).run()
    connected.close()
    assert caught.value.key == "interrupted" and caught.value.facts["state"] == "state_old"
    told = run(virtual, second)
    assert "safe state" in lines_of(told)
