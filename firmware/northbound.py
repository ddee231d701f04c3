"""The station on MQTT: says who it is when it connects, what it does every second, and answers commands."""

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms
from firmware import telemetry
from firmware.mqtt.client import Client
from firmware.mqtt.page import Page

_ALARM_STEP_MS = 50
_PAGE_BYTES = 1024  # telemetry without guns, with an alarm or two; a longer one takes its own memory
_GUN_BYTES = 320
_FIRST_MS = 1500  # by then the station knows its devices


class Northbound:
    """Two supervised tasks: `client.run` and `run`. commands: Commands. stop: EmergencyStop. view: a StationView
    with fill(now_ms). health: BusHealth.
    """

    def __init__(self, config, password, boot, version, view, alarms, commands, stop, health):
        settings = config["mqtt"]
        self._id = config["station"]["id"]
        self._period_ms = settings["telemetry_ms"]
        self._view, self._alarms, self._commands, self._stop = view, alarms, commands, stop
        self._health = health
        self._telemetry = telemetry.Telemetry(view)
        self._page = Page(self._topic("telemetry"), _GUN_BYTES * len(view.gun_ids) + _PAGE_BYTES)
        self._about = (config, version, boot)
        # A clean session: a command that waited at the broker while we were away must not act late.
        self.client = Client(
            settings["host"], settings["port"], self._id, settings.get("user"), password, settings["keepalive_s"]
        )
        self.client.set_last_will(self._topic("status"), telemetry.status(False), retain=True, qos=1)
        self.client.set_callback(self._on_message)
        self.client.set_on_connect(self._on_connect)
        self.client.subscribe(self._topic("command"), qos=1)

    def _topic(self, name):
        return telemetry.topic(self._id, name)

    def _on_connect(self):
        self.client.publish(self._topic("birth"), telemetry.birth(*self._about), retain=True, qos=1)
        self.client.publish(self._topic("status"), telemetry.status(True), retain=True, qos=1)

    def _on_message(self, topic, message):
        answer = self._commands.handle(message, ticks_ms())
        if self._commands.emergency_stop:
            self._commands.emergency_stop = False
            self._stop.press("command")
        self.client.publish(self._topic("ack"), telemetry.to_json(answer), qos=1)

    async def run(self):
        await sleep_ms(_FIRST_MS)
        due_ms = ticks_ms()
        while True:
            await sleep_ms(_ALARM_STEP_MS)
            now_ms = ticks_ms()
            self._tell_alarms()
            self._tell_health(now_ms)
            if ticks_diff(now_ms, due_ms) >= 0:
                due_ms = now_ms + self._period_ms - ticks_diff(now_ms, due_ms) % self._period_ms
                self._view.fill(now_ms)
                if self.client.connected:
                    self._tell_telemetry()

    def _tell_telemetry(self):
        longer = self._page.too_long
        self.client.publish_page(self._page, self._telemetry.message())
        if self._page.too_long != longer:
            self.client.publish(self._topic("telemetry"), telemetry.to_json(self._telemetry.again()))

    def _tell_health(self, now_ms):
        message = self._health.message(now_ms)
        if message is not None and self.client.connected:
            self.client.publish(self._topic("health"), telemetry.to_json(message))

    def _tell_alarms(self):
        """A change leaves the queue only when the outbox has taken it, so an outage loses none that fit."""
        change = self._alarms.peek()
        while change is not None and self.client.publish(self._topic("alarm"), telemetry.to_json(change), qos=1):
            self._alarms.published()
            change = self._alarms.peek()
