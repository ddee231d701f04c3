"""Puts firmware, station file and keys on a board and starts the station: `make flash BOARD=... PORT=... STATION=...`

    python -m tools.flash --board NAME --port PORT --station STATION.json [--keys KEYS.json] [--over-budget]
        [--own-names]

PORT: any device that mpremote accepts: /dev/ttyACM0, id:..., auto, socket://127.0.0.1:7000. Only what differs is
written, every file is compared by SHA-256 on the board, and the run can be repeated after an interruption at any point:
until the last step the board starts what it had, or says that it is incomplete (docs/flashing.md). A station whose
latency budget does not hold its cap is refused, with the numbers; --over-budget only tells them.

Exit code 0: the station runs. 1: the board was refused, or it failed. 2: station file or keys refused, nothing sent.
"""

import argparse
import json
import sys
from pathlib import Path

from firmware import config as station_file
from tools.budget import Budget
from tools.firmware_image import (
    ARCHITECTURES,
    MAIN_INCOMPLETE,
    MPY_SUB_VERSION,
    MPY_VERSION,
    build,
    sha256,
)
from tools.firmware_modules import BuildError
from tools.flash_board import Board
from tools.flash_plan import FILES, FOLDERS, PART, UPDATE, pack, plan
from tools.flash_texts import FlashError, sentences

MAX_KEYS_BYTES = 8192
FIRST_WORDS_S = 120
_LONG_S = 180  # the whole flash is read, or written
_STEPS = 10  # lines of progress while a pack is sent


class Refused(Exception):
    """Nothing was sent. lines: for people."""

    def __init__(self, lines):
        super().__init__("\n".join(lines))


def wanted_files(board, station_path, keys_path=None, language="both", over_budget=False, own_names=False):
    """(image, {path on the board: bytes}, findings of the latency budget as lines) with main.py last. Raises Refused
    with every reason, findings among them unless over_budget, or BuildError."""
    try:
        station = station_file.load(str(station_path))
    except station_file.ConfigError as refused:
        raise Refused([refused.text(language)]) from None
    if station["board"] != board:
        raise Refused(sentences("station_board", language, {"found": station["board"], "board": board}))
    keys = _keys(keys_path, language) if keys_path else None
    languages = ("zh", "en") if language == "both" else (language,)
    findings = [finding.text(each) for finding in Budget(station).findings for each in languages]
    if findings and not over_budget:
        raise Refused([*findings, *sentences("over_budget", language, {})])
    image = build(board, station, own_names=own_names)
    files = {path: data for path, data in image.files.items() if path != "main.py"}
    folder = Path(station_path).parent
    for device in station["devices"]:
        if device["profile"].startswith("custom:"):
            name = device["profile"].removeprefix("custom:")
            files[f"profiles/{name}.json"] = (folder / "profiles" / f"{name}.json").read_bytes()
    if keys is not None:
        files["keys.json"] = keys
    files["station.json"] = Path(station_path).read_bytes()
    files["main.py"] = image.files["main.py"]
    return image, files, findings


def _keys(path, language):
    """The bytes of a keys file. What is in it is never shown."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise Refused(sentences("file", language, {"path": path, "error": error})) from None
    found = f"{len(data)} B"
    if len(data) <= MAX_KEYS_BYTES:
        try:
            found = type(json.loads(data)).__name__
        except ValueError:
            found = "?"
        if found == "dict":
            return data
    raise Refused(sentences("keys", language, {"path": path, "found": found, "most": MAX_KEYS_BYTES}))


class Flashing:
    """One run. board: a Board, connected. tell(key, **facts): progress for people."""

    def __init__(self, board, image, files, tell):
        self.board, self.image, self.files, self.tell = board, image, files, tell
        self.facts = image.facts

    def run(self):
        """Raises FlashError; whatever ran before runs again then, as far as the line allows it."""
        try:
            self.tell("stopping")
            self.board.stop()
            self.board.start_agent()
            self._identify()
            if self.facts.watchdog_ms is not None:
                self.board.ask(f"hold_watchdog({self.facts.watchdog_ms})")
            self._write()
            self.tell("resetting")
            self.board.restart()
        except FlashError:
            self.board.leave()
            raise
        except KeyboardInterrupt:
            self.board.leave()
            raise FlashError("interrupted", state=self.board.state) from None
        self.board.first_words(f"Guangchu: {self.image.station_id} ", FIRST_WORDS_S)
        self.tell("done", station=self.image.station_id, build=self.image.build_id)

    def _identify(self):
        """Raises FlashError for a board that this firmware is not for."""
        name, version, platform, machine, mpy, block, free = self.board.ask("who()")[0]
        shown = ".".join(str(part) for part in version)
        is_known = any(machine.startswith(each) for each in self.facts.machines)
        if name != "micropython" or platform != self.facts.platform or not is_known:
            allowed = " | ".join(self.facts.machines)
            raise FlashError("wrong_board", found=f"{machine or name} ({platform})", allowed=allowed)
        if tuple(version) < self.facts.oldest:
            raise FlashError("old_micropython", found=shown, allowed=self.facts.micropython)
        architecture = ARCHITECTURES[mpy >> 10] if mpy >> 10 < len(ARCHITECTURES) else "?"
        found = f"{mpy & 0xFF}.{mpy >> 8 & 3} {architecture}"
        allowed = f"{MPY_VERSION}.{MPY_SUB_VERSION} {self.facts.architecture}"
        if found != allowed:
            raise FlashError("other_mpy", version=shown, found=found, allowed=allowed)
        self.tell("board_is", machine=machine, version=shown, free=block * free)

    def _write(self):
        """Brings the flash to what is wanted, or raises FlashError and leaves it bootable or marked."""
        found = self._tree()
        if UPDATE in found:
            self.tell("finishing")
            self._finish()
            found = self._tree()
        *_, block, free = self.board.ask("who()")[0]
        todo = plan(self.files, found, block, free)
        if todo.is_full:
            missing = todo.need_bytes - todo.room_bytes
            raise FlashError("full", need=todo.need_bytes, free=todo.room_bytes, missing=missing)
        if not todo.packs:
            self.tell("nothing", build=self.image.build_id)
            return
        packs = [pack(self.files, paths, todo.stale if at == 0 else (), paths is todo.packs[-1])
                 for at, paths in enumerate(todo.packs)]
        self.tell("plan", build=self.image.build_id, send=len(todo.changed), same=len(todo.same),
                  remove=len(todo.stale), bytes=sum(map(len, packs)))
        starts_something = "main.py" in found and found["main.py"][1] != sha256(MAIN_INCOMPLETE.encode())
        if len(packs) > 1 and starts_something:
            self.tell("in_place", packs=len(packs))
        stays_whole = len(packs) == 1 and starts_something
        for data in packs:
            self._send(data)
            self.board.state = "state_switching" if stays_whole else "state_incomplete"
            self.board.ask(f"rename({PART!r}, {UPDATE!r})")
            self.board.state = "state_new" if stays_whole else "state_incomplete"
            self._finish()
        self.board.state = "state_new"
        self._verify(self._tree())
        self.tell("switched")

    def _send(self, data):
        """Puts a pack on the board. It does nothing there yet."""
        told = 0

        def sent(count):
            nonlocal told
            if count * _STEPS // len(data) > told:
                told = count * _STEPS // len(data)
                self.tell("sent", percent=told * 100 // _STEPS, done=count, of=len(data))

        _, _, digest = self.board.put(PART, data, sent)
        if digest != sha256(data):
            raise FlashError("damaged", path=PART, found=digest[:12], allowed=sha256(data)[:12])

    def _finish(self):
        """The board does what a pack says; one that was there before, too."""
        self.tell("unpacking")
        self.board.ask("finish()", _LONG_S)
        self.board.ask(f"prune({FOLDERS!r})")

    def _tree(self):
        """{path: (size, SHA-256)} of the board's flash, as far as it is this tool's."""
        answers = self.board.ask(f"tree({FOLDERS!r}, {FILES!r})", _LONG_S)
        return {path: (size, digest) for path, size, digest in answers}

    def _verify(self, found):
        """Raises FlashError unless every file is on the board as it should be, and no other one is in its folders."""
        for path, data in self.files.items():
            digest = found[path][1] if path in found else "-"
            if digest != sha256(data):
                raise FlashError("damaged", path=path, found=digest[:12], allowed=sha256(data)[:12])
        self.tell("verified", count=len(self.files))


def flash(board, port, station, keys=None, language="both", over_budget=False, say=print, own_names=False):
    """The whole of it. Gives the exit code. over_budget: goes on with a station that cannot hold its cap after a fault
    or a step of load. say(line): gets progress and reasons. own_names: those of the sources (docs/boards.md)."""

    def tell(key, **facts):
        for line in sentences(key, language, facts):
            say(line)

    try:
        image, files, findings = wanted_files(board, station, keys, language, over_budget, own_names)
        for line in findings:
            say(line)
        tell("built", board=board, station=image.station_id, build=image.build_id, count=len(files))
        tell("connecting", port=port)
        connected = Board(port, lambda line: tell("says", line=line))
        try:
            Flashing(connected, image, files, tell).run()
        finally:
            connected.close()
    except Refused as refused:
        say(str(refused))
        return 2
    except BuildError as error:
        say(str(error))
        return 2
    except FlashError as error:
        say(error.says(language))
        return 1
    return 0


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tools.flash", description="刷写一块板子 / flash a board")
    parser.add_argument("--board", required=True)
    parser.add_argument("--port", required=True, help="mpremote 的设备名 / any device that mpremote accepts")
    parser.add_argument("--station", required=True, help="station.json")
    parser.add_argument("--keys", help="keys.json")
    parser.add_argument("--lang", choices=("zh", "en", "both"), default="both")
    parser.add_argument("--over-budget", action="store_true", help="延迟预算不足也刷 / flash in spite of the budget")
    parser.add_argument("--own-names", action="store_true", help="名称不缩短 / the names of the sources")
    options = parser.parse_args(arguments)
    return flash(options.board, options.port, options.station, options.keys, options.lang, options.over_budget,
                 own_names=options.own_names)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
