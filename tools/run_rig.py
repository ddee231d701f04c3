"""The whole station as processes on this machine: simulated devices on real wires, a broker, the controller, and the
faults in between.

`Rig` starts and stops the parts and turns the events of a scenario into what they mean for wires and processes. Time
is the plant's.
"""

import asyncio
import json
import secrets
import shutil
import socket
import tempfile
import time
from pathlib import Path

from tools.baseline import sharing_unit
from tools.run_mqtt import Subscriber
from tools.run_processes import ROOT, Children, ProcessError, micropython_child, python_child
from tools.sim.contacts import Contacts
from tools.sim.servers import SimulatedStation

HOST = "127.0.0.1"
PASSWORD_VARIABLE = "GUANGCHU_MQTT_PASSWORD"
RESET_PRESSED_S = 1.0


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Rig:
    """station: the station file as data; world, figures: the run's; language for the live view."""

    def __init__(self, station, world, figures):
        self.station, self.world, self.figures = station, world, figures
        self.children = Children()
        self.controller = self.broker = self.bare_tick = self.subscriber = None
        self.lives = []  # {"from_s", "to_s"} of each controller process, monotonic
        self.meter_faults = []  # [from s, to s or None], monotonic
        self._later = []  # [(plant s, function)]
        self._busy = set()
        self._password = secrets.token_urlsafe(12)
        self._port = None
        self._folder = tempfile.TemporaryDirectory(prefix="guangchu-run-")
        self.flash = Path(self._folder.name)
        self.simulated = SimulatedStation(station, world.plant)
        stop = station["inputs"]["emergency_stop"]
        self._stop_pin, self._closed = stop["pin"], 1 if stop.get("normally_closed", True) else 0
        self._reset_pin = station["inputs"]["reset"]["pin"]
        self._inputs_port = free_udp_port()
        self.contacts = Contacts(self._inputs_port, {self._stop_pin: self._closed, self._reset_pin: 0})
        self._contacts_task = None

    # -- start and end --
    async def start(self):
        """Everything but the controller. Raises ProcessError or OSError naming the part that did not start."""
        await self.simulated.start()
        await self._start_broker(0)
        mqtt = self.station["mqtt"]
        self.subscriber = Subscriber(HOST, self._port, mqtt["user"], self._password, self.station["station"]["id"])
        self.subscriber.start()
        if not await asyncio.to_thread(self.subscriber.wait_connected, 10.0):
            raise ProcessError("MQTT 代理拒绝连接", "the MQTT broker takes no connection")
        self._contacts_task = asyncio.create_task(self.contacts.run())
        self._write_flash()

    def _write_flash(self):
        """The flash folder of the board: station file with the wires of this run put in, its custom profiles, keys, and
        the pins' port."""
        station = json.loads(json.dumps(self.station))
        for device in station["devices"]:
            profile = device.pop("profile_file", None)  # where the check has found it here
            if profile is not None:
                (self.flash / "profiles").mkdir(exist_ok=True)
                shutil.copy(profile, self.flash / "profiles")
        for bus in station["buses"]:
            bus.update(self.simulated.wiring[bus["id"]])
        station["mqtt"].update(host=HOST, port=self._port)
        files = {
            "station.json": station,
            "keys.json": {"mqtt_password": self._password},
            "wiring.json": {"inputs_port": self._inputs_port},
        }
        for name, content in files.items():
            (self.flash / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    async def _start_broker(self, port):
        user = self.station["mqtt"]["user"]
        env = {PASSWORD_VARIABLE: self._password}
        self.broker = python_child("broker", "tools.broker", "--port", str(port), "--user", user, env=env)
        await self.children.start(self.broker)
        self._port = (await self.broker.json_line())["port"]

    async def start_controller(self):
        self.controller = micropython_child("controller", ["-m", "firmware.main"], cwd=self.flash)
        await self.children.start(self.controller)
        self.lives.append({"from_s": time.monotonic(), "to_s": None})

    async def start_bare_tick(self, seconds):
        self.bare_tick = micropython_child("bare tick", [ROOT / "tools" / "bare_tick.py", seconds], cwd=self.flash)
        await self.children.start(self.bare_tick)

    async def start_view(self, language):
        mqtt, station_id = self.station["mqtt"], self.station["station"]["id"]
        arguments = [
            "--host",
            HOST,
            "--port",
            str(self._port),
            "--user",
            mqtt["user"],
            "--station",
            station_id,
            "--lang",
            language,
        ]
        env = {PASSWORD_VARIABLE: self._password}
        view = python_child("view", "tools.view", *arguments, env=env, to_terminal=True)
        return await self.children.start(view)

    def end_of_measurement(self):
        """The run is over: the controller's last life ends here for the record."""
        now_s = time.monotonic()
        for life in self.lives:
            if life["to_s"] is None:
                life["to_s"] = now_s

    async def stop(self):
        """Ends every process and server. Returns the names of processes that are still alive (none, or something is
        wrong).
        """
        for task in (*self._busy, self._contacts_task):
            if task is not None:
                task.cancel()
        if self.subscriber is not None:
            await asyncio.to_thread(self.subscriber.stop)
        await self.children.stop_all()
        await self.simulated.stop()
        self._folder.cleanup()
        return self.children.left()

    def died(self):
        """(name, what it said last) of a part that ended by itself, or None."""
        for child, wanted in ((self.controller, self._controller_wanted()), (self.broker, self._broker_wanted)):
            if child is not None and wanted and not child.running:
                return child.name, child.lines[-12:]
        return None

    def _controller_wanted(self):
        return bool(self.lives) and self.lives[-1]["to_s"] is None

    _broker_wanted = True

    # -- events --
    def do_later(self):
        """Run what is due by now: restarts, the release of the reset contact."""
        now_s = self.world.plant.time_s
        for entry in [entry for entry in self._later if entry[0] <= now_s]:
            self._later.remove(entry)
            entry[1]()

    def _in(self, seconds, function):
        self._later.append((self.world.plant.time_s + seconds, function))

    def _spawn(self, coroutine):
        task = asyncio.create_task(coroutine)
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    def apply(self, begins, event):
        """One event of the scenario that is not physics."""
        getattr(self, "_" + event["event"])(begins, event)

    def _on_meter_line(self, begins, concerned):
        if concerned and begins:
            self.meter_faults.append([time.monotonic(), None])
        elif concerned:
            self.meter_faults[-1][1] = time.monotonic() + 1.0  # the next polls find their feet

    def _is_meter(self, device_id):
        return any(device["id"] == device_id and device["role"] == "meter" for device in self.station["devices"])

    def _device_silent(self, begins, event):
        self.simulated.silence(event["device"], begins)
        silent = sharing_unit(self.station, event["device"])
        if silent & set(self.world.plant.storage):
            self.figures.pcs_answers = not begins
        self._on_meter_line(begins, any(map(self._is_meter, silent)))

    def _register_frozen(self, begins, event):
        self.simulated.freeze(event["device"], begins)

    def _frame_noise(self, begins, event):
        self.simulated.noise(event["bus"], event["probability"] if begins else 0.0)
        self._on_meter_line(
            begins, any(d["role"] == "meter" and d["bus"] == event["bus"] for d in self.station["devices"])
        )

    def _slow_device(self, begins, event):
        self.simulated.slow(event["device"], event["delay_ms"] if begins else 0)
        self._on_meter_line(begins, self._is_meter(event["device"]))

    def _broker_down(self, begins, event):
        self._broker_wanted = False
        self._spawn(self.broker.kill() if begins else self._broker_back())

    async def _broker_back(self):
        await self._start_broker(self._port)
        self._broker_wanted = True

    def _limit_received(self, begins, event):
        root = next(circuit["id"] for circuit in self.station["circuits"] if circuit["parent"] is None)
        self.subscriber.command(
            "limit", circuit=event["circuit"], limit_w=event["limit_w"], expires_s=event["expires_s"]
        )
        if event["circuit"] == root:
            self.figures.limits.received(self.world.plant.time_s, event["limit_w"], event["expires_s"])

    def _emergency_stop(self, begins, event):
        self.figures.emergency_stop()
        if event["by"] == "contact":
            self.contacts.set(self._stop_pin, 1 - self._closed)
        else:
            self.subscriber.command("emergency_stop")
        if "released_s" in event:
            self._in(event["released_s"] - event["at_s"], self._release)

    def _release(self):
        self.contacts.set(self._stop_pin, self._closed)
        self.contacts.set(self._reset_pin, 1)
        self.figures.emergency_stop_released()
        self._in(RESET_PRESSED_S, lambda: self.contacts.set(self._reset_pin, 0))

    def _controller_killed(self, begins, event):
        self.lives[-1]["to_s"] = time.monotonic()
        self.figures.controller_killed()
        self._spawn(self.controller.kill())
        if event["restart_after_s"] is not None:
            self._in(event["restart_after_s"], lambda: self._spawn(self.start_controller()))
