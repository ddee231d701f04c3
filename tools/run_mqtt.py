"""The platform's end of MQTT in a run: a subscriber that counts and remembers, and the one who sends commands. paho,
its own thread.
"""

import json
import threading
import time

import paho.mqtt.client as mqtt


class Subscriber:
    """Everything the station says, as received. Fields are written by paho's thread and read by the runner.

    messages: publications of the station (commands are not counted); telemetry: the newest; alarms_seen: {(code,
    device)}; acks: [dict]; reasons_seen: {(gun, reason code)}; own_figures(): what the controller says of itself.
    """

    def __init__(self, host, port, user, password, station_id):
        self.root = f"guangchu/v1/{station_id}/"
        self.messages, self.bad_messages = 0, 0
        self.telemetry, self.telemetry_at_s = None, None
        self.alarms_seen, self.reasons_seen, self.acks = set(), set(), []
        self.lives = []  # [(first telemetry s, last telemetry s, last telemetry)] of each controller process
        self._sent = 0
        self._connected = threading.Event()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="guangchu-run")
        self._client.username_pw_set(user, password)
        self._client.reconnect_delay_set(1, 2)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.connect_async(host, port, keepalive=10)

    def start(self):
        self._client.loop_start()

    def stop(self):
        self._client.disconnect()
        self._client.loop_stop()

    def wait_connected(self, timeout_s):
        return self._connected.wait(timeout_s)

    def _on_connect(self, client, userdata, flags, reason_code, properties):
        if not reason_code.is_failure:
            client.subscribe(self.root + "#", qos=1)
            self._connected.set()

    def _on_message(self, client, userdata, message):
        kind = message.topic[len(self.root) :]
        if kind == "command":
            return
        self.messages += 1
        try:
            content = json.loads(message.payload)
            if kind == "telemetry":
                self._on_telemetry(content)
            elif kind == "alarm" and content["active"]:
                self.alarms_seen.add((content["code"], content.get("device")))
            elif kind == "ack":
                self.acks.append(content)
        except (ValueError, KeyError, TypeError):
            self.bad_messages += 1

    def _on_telemetry(self, telemetry):
        now_s = time.monotonic()
        self.alarms_seen.update((alarm["code"], alarm.get("device")) for alarm in telemetry["alarms"])
        self.reasons_seen.update((gun["id"], gun["reason"]["code"]) for gun in telemetry["guns"])
        cycles = telemetry["cycle"]["count"]
        if not self.lives or cycles < self.lives[-1][2]["cycle"]["count"]:
            self.lives.append((now_s, now_s, telemetry))
        else:
            self.lives[-1] = (self.lives[-1][0], now_s, telemetry)
        self.telemetry, self.telemetry_at_s = telemetry, now_s

    def own_figures(self):
        """The controller's own figures over all its lives: cycles and breaches add up, the worst lateness counts."""
        last = [telemetry for _, _, telemetry in self.lives]
        cycles = [telemetry["cycle"] for telemetry in last]
        return {
            "cycles": sum(cycle["count"] for cycle in cycles),
            "cycles_missed": sum(cycle["missed"] for cycle in cycles),
            "cycle_late_p99_ms": max((cycle["late_p99_ms"] for cycle in cycles), default=None),
            "cycle_late_max_ms": max((cycle["late_max_ms"] for cycle in cycles), default=None),
            "invariant_breaches": sum(telemetry["invariant_breaches"] for telemetry in last),
        }

    def command(self, kind, **content):
        """Publish a command (QoS 1) under a fresh id; returns the id."""
        self._sent += 1
        command_id = f"run-{self._sent}"
        self._client.publish(self.root + "command", json.dumps({"id": command_id, "type": kind, **content}), qos=1)
        return command_id
