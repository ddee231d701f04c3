"""A station that writes every file it has: meter and two guns on one line, contacts on pins, MQTT through a DTU."""

import hashlib
import hmac
import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from hil_tests.dtu import PASSWORD, USER, Dtu, Platform
from hil_tests.emulated_rig import EmulatedRig, station
from tools.board.emulated import FILES_AT
from tools.board.files import checked, contents, image
from tools.firmware_image import ROOT, build

ESTOP, RESET = 10, 11  # GP numbers
CAP_W = 200e3
START_MS = 15000
KEY = bytes(range(32))
# What a station writes while it runs, and what begins its name.
FILES = {"state": "state", "commands": "commands", "journal": "journal/k", "black box": "black_box_stop.bin"}


def station_file():
    """One bus for all devices: the other UART is the DTU's."""
    data = station(2, int(CAP_W), "cn_pile_v2")
    data["buses"] = [{**data["buses"][1], "id": "line"}]
    for device in data["devices"]:
        device["bus"] = "line"
    data["devices"][0]["unit"] = 9
    data["mqtt"] = {"uart": {"port": "UART0", "baud": 115200}, "user": USER, "keepalive_s": 60}
    data["inputs"] = {"emergency_stop": {"pin": "ESTOP"}, "reset": {"pin": "RESET"}}
    return data


def checked_bytes(station_bytes) -> bytes:
    """`station.checked` of a station file, as a board would write it: a start without the check saves four seconds."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "station.json").write_bytes(station_bytes)
        take_in = "from firmware.start import take_in; raise SystemExit(not take_in())"
        subprocess.run([sys.executable, "-c", take_in], cwd=folder, env={"PYTHONPATH": str(ROOT)}, check=True)
        return Path(folder, "station.checked").read_bytes()


class Site:
    """rig, platform, dtu: see there. The cars at both guns take what they get."""

    def __init__(self, rig, platform):
        self.rig, self.platform, self.board = rig, platform, rig.board
        self.dtu = Dtu(rig.board, 0, platform.port)
        self._counter = 0
        rig.beside.append(self.dtu.turn)

    def start(self):
        """Power on, until every gun has been told a limit since."""
        before = {gun: len(self.rig.writes(gun)) for gun in self.rig.plant.guns}
        self.board.power_on()
        self.board.type(b"\n")
        self.wait(lambda: all(len(self.rig.writes(gun)) > count for gun, count in before.items()), START_MS)

    def wait(self, seen, ms):
        assert self.rig.run_until(seen, ms), bytes(self.board.printed[-2000:]).decode(errors="replace")

    def press(self):
        self.board.set_input(ESTOP, 0)

    def release(self):
        """The contact closes again, and the reset button is held for half a second."""
        self.board.set_input(ESTOP, 1)
        self.board.set_input(RESET, 1)
        self.rig.run(800)
        self.board.set_input(RESET, 0)

    def type(self, command, ms=3000):
        """What the console answers to a command."""
        self.board.printed.clear()
        self.board.type(command + b"\r")
        self.wait(lambda: bytes(self.board.printed).rstrip().endswith(b">"), ms)
        return bytes(self.board.printed).decode()

    def command(self, **fields):
        """A signed command through broker and DTU, and the answer to it."""
        self._counter += 1
        now_s = int(time.time())
        content = {"id": f"hil-{self._counter}", "type": "limit", "station": "GC-HIL", "authority": "operator"}
        content |= {"issued": now_s, "expires": now_s + 300, "counter": self._counter} | fields
        body = json.dumps(content).encode()[:-1]
        mac = hmac.new(KEY, self.platform.root.encode() + b"command\n" + body, hashlib.sha256).hexdigest()
        before = len(self.platform.said("ack"))
        self.platform.command(body + b',"mac":"' + mac.encode() + b'"}')
        self.wait(lambda: len(self.platform.said("ack")) > before, 20000)
        return self.platform.said("ack")[-1]

    def files(self):
        """{path: bytes} on the flash chip, without the firmware's own."""
        found = contents(self.board.flash()[FILES_AT:])
        return {path: data for path, data in found.items() if not path.endswith((".mpy", ".py", ".tsv"))}

    def has_all_files(self):
        names = self.files()
        return all(any(name.startswith(begin) for name in names) for begin in FILES.values())

    def write_everything(self, times=1):
        """Each file at least once: a signed command, tighter than those before; then, with nothing acknowledged,
        `times` emergency stops, which are latched, recorded and told later, while the black box is saved."""
        limit_w = int(CAP_W) - 1000 * (self._counter + 1)
        assert self.command(circuit="grid", limit_w=limit_w, expires_s=600)["code"] == "limit_set"
        self.dtu.is_held = True
        for _ in range(times):
            self.press()
            self.rig.run(700)
            self.release()
        self.wait(self.has_all_files, 30000)
        self.dtu.is_held = False

    def harm(self):
        """What our own flash writes did to frames on the bus: {} when nothing."""
        line = self.board.figures()["lines"][1]
        kinds = ("undriven", "deaf", "overruns", "erased", "programmed", "during_flash")
        found = {kind: line[kind] for kind in kinds if line[kind]}
        if self.rig.lines["line"].discarded:
            found["discarded"] = self.rig.lines["line"].discarded
        return found


@contextmanager
def running_site(root=ROOT, has_platform=True):
    """A Site that runs, with a car at each gun. root: of the firmware's sources. Without a platform there is no DTU,
    and more room on the heap."""
    data = station_file()
    if not has_platform:
        del data["mqtt"]
    with Platform("GC-HIL") as platform, EmulatedRig(data) as rig:
        site = Site(rig, platform)
        try:
            keys = json.dumps({"mqtt_password": PASSWORD, "authorities": {"operator": KEY.hex()}}).encode()
            files = {**build("rpi_pico_w", checked(data), root).files, "keys.json": keys}
            files["station.json"] = rig.station_file()
            files["station.checked"] = checked_bytes(files["station.json"])
            rig.board.load(image(files))
            rig.board.set_input(ESTOP, 1)
            rig.board.set_input(RESET, 0)
            for gun_id in rig.plant.guns:
                rig.plug(gun_id, 55e3)
            site.start()
            yield site
        finally:
            site.dtu.close()
