"""What a scenario's schema cannot say: does the station have this gun, is the event inside the run, can the outcome
be judged at all.
"""

from tools.sim.plant import AC_PROFILES, simulated_profile

TEXTS = {
    "name": ("名称为 {found}，应与文件名 {allowed} 相同", "found {found}, must equal the file's name {allowed}"),
    "reference": ("{found} 不在站点文件中，允许: {allowed}", "the station has no {found}, allowed: {allowed}"),
    "after_end": (
        "时间 {found} s 不在运行时间内，允许: {allowed}",
        "{found} s lies outside the run, allowed: {allowed}",
    ),
    "before_begin": (
        "结束时间 {found} s 不晚于开始，允许: {allowed}",
        "ends at {found} s, not after it began; allowed: {allowed}",
    ),
    "occupied": ("枪 {found} 已有车辆", "gun {found} has a vehicle already"),
    "empty": ("枪 {found} 没有车辆", "gun {found} has no vehicle"),
    "kind": ("车辆 {found} 不适合该枪，允许: {allowed}", "vehicle {found} does not fit this gun, allowed: {allowed}"),
    "both": ("{found} 不能同时给出", "{found} cannot be given together"),
    "ascending": ("时间 {found} s 不大于前一点 {allowed} s", "{found} s is not after the point before it, {allowed} s"),
    "needs_event": ("{found} 需要事件 {allowed}", "{found} needs an event {allowed}"),
    "needs_watchdog": (
        "枪 {found} 没有看门狗，不会自行回落",
        "gun {found} has no watchdog and will not fall back by itself",
    ),
    "too_short": ("运行 {found} s 太短，至少 {allowed} s", "a run of {found} s is too short, at least {allowed} s"),
    "threat_bound": ("威胁场景必须给出 expect.{allowed}", "a scenario with a threat needs expect.{allowed}"),
    "threat_event": (
        "威胁场景需要威胁事件，且不早于 {allowed} s",
        "a threat needs a threatening event, not before {allowed} s",
    ),
}
# Events that take away room, or the means to keep the cap.
THREATENING = (
    "pv_drop",
    "base_step",
    "device_silent",
    "register_frozen",
    "disobedient_gun",
    "bms_derating",
    "controller_killed",
    "meter_reversed",
)
EVENT_REFERENCES = {"gun": "gun", "device": "device", "bus": "bus", "pcs": "pcs", "circuit": "circuit"}
EVERY_GUN = "*"
SETTLE_S = 20  # the station must have filled up to its cap before something can threaten it


class _Checker:
    def __init__(self, scenario, station):
        self.scenario, self.problems = scenario, []
        devices = station["devices"]
        self.ids = {
            "gun": [device["id"] for device in devices if device["role"] == "gun"],
            "device": [device["id"] for device in devices],
            "pcs": [device["id"] for device in devices if device["role"] == "pcs"],
            "bus": [bus["id"] for bus in station["buses"]],
            "circuit": [circuit["id"] for circuit in station["circuits"]],
        }
        self.guns = {device["id"]: device for device in devices if device["role"] == "gun"}

    def say(self, path, code, found="", allowed=""):
        zh, en = TEXTS[code]
        self.problems.append((path, zh.format(found=found, allowed=allowed), en.format(found=found, allowed=allowed)))

    def known(self, path, kind, value):
        if value in self.ids[kind]:
            return True
        self.say(path, "reference", found=f"{kind} {value!r}", allowed=", ".join(self.ids[kind]))
        return False

    def conditions(self):
        conditions = self.scenario["conditions"]
        if "pv_profile" in conditions:
            if "pv_available_permille" in conditions:
                self.say("conditions", "both", found="pv_profile, pv_available_permille")
            times = [point[0] for point in conditions["pv_profile"]]
            for index in range(1, len(times)):
                if times[index] <= times[index - 1]:
                    self.say(
                        f"conditions.pv_profile[{index}][0]", "ascending", found=times[index], allowed=times[index - 1]
                    )

        for gun in conditions.get("gun_ramps", ()):
            self.known("conditions.gun_ramps", "gun", gun)

    def vehicle(self, path, gun, vehicle):
        is_ac = simulated_profile(self.guns[gun]) in AC_PROFILES
        allowed = ("fitting", "ac", "explicit") if is_ac else ("fitting", "session", "super", "explicit")
        if vehicle["from"] not in allowed:
            self.say(f"{path}.vehicle.from", "kind", found=vehicle["from"], allowed=", ".join(allowed))

    def vehicles_and_events(self):
        occupied = set()
        for index, entry in enumerate(self.scenario["vehicles"]):
            path = f"vehicles[{index}]"
            if entry["gun"] == EVERY_GUN:
                occupied.update(self.guns)
            elif self.known(f"{path}.gun", "gun", entry["gun"]):
                self.vehicle(path, entry["gun"], entry["vehicle"])
                if entry["gun"] in occupied:
                    self.say(f"{path}.gun", "occupied", found=entry["gun"])
                occupied.add(entry["gun"])
        events = list(enumerate(self.scenario["events"]))
        for index, event in events:
            self.event_times(f"events[{index}]", event)
            for key, kind in EVENT_REFERENCES.items():
                if key in event:
                    self.known(f"events[{index}].{key}", kind, event[key])
        for index, event in sorted(events, key=lambda pair: pair[1]["at_s"]):
            self.plug(f"events[{index}]", event, occupied)

    def event_times(self, path, event):
        seconds = self.scenario["seconds"]
        if event["at_s"] >= seconds:
            self.say(f"{path}.at_s", "after_end", found=event["at_s"], allowed=f"0..{seconds} s")
        for key in ("until_s", "released_s"):
            if key in event and event[key] <= event["at_s"]:
                self.say(f"{path}.{key}", "before_begin", found=event[key], allowed=f"{event['at_s']}..{seconds} s")
            elif key in event and event[key] > seconds:
                self.say(f"{path}.{key}", "after_end", found=event[key], allowed=f"{event['at_s']}..{seconds} s")

    def plug(self, path, event, occupied):
        gun = event.get("gun")
        if event["event"] == "plug_in" and gun in self.guns:
            self.vehicle(path, gun, event["vehicle"])
            if gun in occupied:
                self.say(f"{path}.gun", "occupied", found=gun)
            occupied.add(gun)
        if event["event"] == "plug_out" and gun in self.guns:
            if gun not in occupied:
                self.say(f"{path}.gun", "empty", found=gun)
            occupied.discard(gun)

    def expectations(self):
        scenario, expect = self.scenario, self.scenario["expect"]
        kinds = {event["event"] for event in scenario["events"]}
        stops = {event["by"] for event in scenario["events"] if event["event"] == "emergency_stop"}
        for index, gun in enumerate(expect.get("fallback_reached", ())):
            path = f"expect.fallback_reached[{index}]"
            if self.known(path, "gun", gun) and self.guns[gun].get("watchdog_s") is None:
                self.say(path, "needs_watchdog", found=gun)
        if "fallback_reached" in expect and "controller_killed" not in kinds:
            self.say("expect", "needs_event", found="fallback_reached", allowed="controller_killed")
        if "guns_zero_within_ms" in expect and not stops:
            self.say("expect", "needs_event", found="guns_zero_within_ms", allowed="emergency_stop")
        if "acks_seen" in expect and "command" not in stops and "limit_received" not in kinds:
            self.say("expect", "needs_event", found="acks_seen", allowed="limit_received / emergency_stop by command")
        for index, seen in enumerate(expect.get("alarms_seen", ())):
            if "device" in seen:
                self.known(f"expect.alarms_seen[{index}].device", "device", seen["device"])
        for gun in expect.get("served_per_gun_kwh_min", ()):
            self.known("expect.served_per_gun_kwh_min", "gun", gun)
        for index, seen in enumerate(expect.get("reasons_seen", ())):
            self.known(f"expect.reasons_seen[{index}].gun", "gun", seen["gun"])

    def threat(self):
        if not self.scenario["threat"]:
            return
        if "over_cap_kws_max" not in self.scenario["expect"]:
            self.say("expect", "threat_bound", allowed="over_cap_kws_max")
        times = [event["at_s"] for event in self.scenario["events"] if event["event"] in THREATENING]
        if not times or min(times) < SETTLE_S:
            self.say("events", "threat_event", allowed=SETTLE_S)

    def length(self):
        if "import_last_30s_permille_min" in self.scenario["expect"] and self.scenario["seconds"] < 40:
            self.say("seconds", "too_short", found=self.scenario["seconds"], allowed=40)


def check_references(scenario, station, file_stem, overridden=False):
    """Problems [(path, zh, en), ...] of a scenario whose structure is good, against a station file's data.

    overridden: the length is not the file's own, so that outcomes which need a longer run are left unjudged, not
    refused.
    """
    checker = _Checker(scenario, station)
    if scenario["name"] != file_stem:
        checker.say("name", "name", found=scenario["name"], allowed=file_stem)
    checker.conditions()
    checker.vehicles_and_events()
    checker.expectations()
    if not overridden:
        checker.length()
    checker.threat()
    return checker.problems


def fitting_vehicle(gun):
    """The `vehicle` object that makes a gun of the station file earn its rating: a car that can take (nearly) all of
    it.
    """
    if simulated_profile(gun) in AC_PROFILES:
        return {"from": "ac", "ac_w": gun["max_w"]}
    if gun["max_w"] >= 400000:
        return {"from": "super"}
    return {"from": "session", "min_peak_w": min(300000, round(0.97 * gun["max_w"])), "max_soc_permille": 350}


def expand_vehicles(scenario, station):
    """The scenario's vehicles and plug-in events with every `*` and every `fitting` put into plain terms, in place."""
    guns = {device["id"]: device for device in station["devices"] if device["role"] == "gun"}
    named = [entry["gun"] for entry in scenario["vehicles"] if entry["gun"] != EVERY_GUN]
    vehicles = []
    for entry in scenario["vehicles"]:
        for gun_id in (
            [gun_id for gun_id in guns if gun_id not in named] if entry["gun"] == EVERY_GUN else [entry["gun"]]
        ):
            vehicles.append({"gun": gun_id, "vehicle": entry["vehicle"]})
    scenario["vehicles"] = vehicles
    for entry in [*vehicles, *(event for event in scenario["events"] if event["event"] == "plug_in")]:
        if entry["vehicle"]["from"] == "fitting":
            entry["vehicle"] = fitting_vehicle(guns[entry["gun"]])
