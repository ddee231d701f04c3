"""The closed loop in virtual time: the plant of `make run`, wires with their delays, and `control.step()` between them.

`Loop.run()` moves the world in plant steps of 20 ms while anything moves, with a control cycle every `cycle_ms`. With
`stride_s` above 0 quiet times are crossed in strides: the world in one go up to its next event, everything read at the
end, one cycle told how much time passed. The faster the station moves, the shorter the stride; from about 5 cycles down
it is 20 ms steps again.
"""

from control.reflex import react
from control.station import ABSENT_AGE_MS, NO_LIMIT_W, Station
from control.step import step
from drivers.profiles import registry
from tools.loop_wires import Wires
from tools.sim.plant import STEP_S

COMMAND_S = 0.1  # a command's way over MQTT until it is in force
QUARTER_S = 900.0
_STORAGE_DEADBAND_W = 200  # as in firmware/commit.py
_LAST_S = 0.2  # the end of a stride is a step of its own, so that the meter's lag is over
_LONGEST_GROWTH = 2.0
_FINE_FOR_S = 1.0  # after anything moved much: every cycle
_CLOSE_FOR_S = 3.0  # after an event: steps of 20 ms
_MOVING_STEP_S = 0.04  # while something moves long after it


def standby_w(station):
    """gun id -> the limit that pauses it without ending the session, from the drivers' profiles."""
    guns = [device for device in station["devices"] if device["role"] == "gun"]
    return {gun["id"]: registry.load(gun["profile"], gun.get("profile_file")).standby_w for gun in guns}


class Controlled:
    """`control.step()` behind the wires: snapshot, step, commit, as firmware does it on a board."""

    def __init__(self, station, wires):
        self.wires = wires
        self.control = Station(station, standby_w(station))
        links, control = wires.links, self.control
        roles = {device["role"]: links[device["id"]] for device in station["devices"] if device["role"] != "gun"}
        self._meter = next(
            links[device["id"]]
            for device in station["devices"]
            if device["role"] == "meter" and device["circuit"] == control.circuit_ids[control.root]
        )
        self._pv = [links[pv_id] for pv_id in control.pv_ids]
        self._guns = [links[gun_id] for gun_id in control.gun_ids]
        self._pcs, self._bms = roles.get("pcs"), roles.get("bms")
        self._meter_at_s = self._peeked_at_s = None
        self.limits = []  # (circuit index, W, from s, to s)
        self.stopped = False

    def limit(self, circuit_id, limit_w, now_s, expires_s):
        self.limits.append((self.control.circuit_ids.index(circuit_id), limit_w, now_s + COMMAND_S, now_s + expires_s))

    def cycle(self, now_s, dt_ms):
        self._snapshot(now_s)
        step(self.control, dt_ms)
        self._commit(now_s)

    def between(self, now_s):
        """A meter sample between two cycles may move the storage at once."""
        if self._meter.at_s is None or self._meter.at_s == self._peeked_at_s:
            return
        self._peeked_at_s = self._meter.at_s
        if react(self.control, self._meter.values[0]):
            self._commit_storage(now_s)

    def _snapshot(self, now_s):
        inputs = self.control.inputs
        inputs.grid_age_ms = _age_ms(self._meter, now_s)
        inputs.grid_is_new = self._meter.at_s is not None and self._meter.at_s != self._meter_at_s
        if inputs.grid_is_new:
            self._meter_at_s, inputs.grid_w = self._meter.at_s, self._meter.values[0]
            self._peeked_at_s = self._meter.at_s
        for index, link in enumerate(self._pv):
            inputs.pv_age_ms[index] = _age_ms(link, now_s)
            if link.at_s is not None:
                inputs.pv_w[index] = link.values[0]
        for index, link in enumerate(self._guns):
            inputs.gun_age_ms[index] = _age_ms(link, now_s)
            if link.at_s is not None:
                inputs.gun_w[index], inputs.gun_state[index] = link.values
            inputs.gun_upper_w[index] = int(link.upper)
            inputs.gun_held_known[index] = int(link.held_known)
        if self._pcs is not None:
            self._snapshot_storage(inputs, now_s)
        for circuit in range(self.control.circuits):
            inputs.circuit_limit_w[circuit] = NO_LIMIT_W
        for circuit, limit_w, from_s, to_s in self.limits:
            if from_s <= now_s < to_s:
                inputs.circuit_limit_w[circuit] = min(inputs.circuit_limit_w[circuit], limit_w)
        inputs.quarter_left_ms = round(1000.0 * (QUARTER_S - now_s % QUARTER_S))  # time 0 is a full hour
        inputs.emergency_stop = self.stopped

    def _snapshot_storage(self, inputs, now_s):
        inputs.storage_age_ms = _age_ms(self._pcs, now_s)
        if self._pcs.at_s is not None:
            inputs.storage_w = self._pcs.values[0]
        inputs.storage_upper_w = int(self._pcs.upper) if self._pcs.held_known else 0
        inputs.bms_age_ms = _age_ms(self._bms, now_s)
        if self._bms.at_s is not None:
            inputs.soc_permille, inputs.charge_max_w, inputs.discharge_max_w = self._bms.values

    def _commit(self, now_s):
        control = self.control
        for index, link in enumerate(self._guns):
            if control.grant_w[index] >= 0:
                link.want(control.grant_w[index], now_s)
        if control.started or control.inputs.emergency_stop:
            self._commit_storage(now_s)

    def _commit_storage(self, now_s):
        pcs, setpoint_w = self._pcs, self.control.storage_setpoint_w
        if pcs is None:
            return
        if setpoint_w == 0 or pcs.wanted is None or abs(setpoint_w - pcs.wanted) >= _STORAGE_DEADBAND_W:
            pcs.want(setpoint_w, now_s)


def _age_ms(link, now_s):
    return ABSENT_AGE_MS if link.at_s is None else max(0, round(1000.0 * (now_s - link.at_s)))


class Loop:
    """world: has `plant`, `step(dt_s)` and, for strides, `next_event_s()`. controller(station, wires) makes what
    decides: `cycle(now_s, dt_ms)` and, at each step in between, `between(now_s)`.

    observe(dt_s) is called after each step of the world, `cycled(loop)` after each cycle. stride_s: the longest
    stride, 0 for 20 ms throughout; calm_w: how much all powers together may move within one.
    """

    def __init__(self, station, world, controller=Controlled, observe=None, cycled=None, seed=1, phase_s=0.0,
                 step_s=STEP_S, stride_s=0.0, calm_w=1000.0):
        self.station, self.world, self.plant = station, world, world.plant
        self._controller_class, self._seed = controller, seed
        self.step_s, self.stride_s, self.calm_w = step_s, stride_s, calm_w
        self.cycle_s = station.get("cycle_ms", 200) / 1000.0
        self._observe, self._cycled = observe, cycled
        self.strides = self.cycles = 0
        self._fine_until_s, self._stride_s = 0.0, 2 * _LAST_S
        self._event_s = self._close_until_s = 0.0
        self._last = None
        self.wires = self.controller = None
        self.start_controller(phase_s)

    def start_controller(self, after_s=0.0):
        """A controller that knows nothing yet; its first cycle is one period and `after_s` from now."""
        self._seed += 1
        self.wires = Wires(self.station, self.plant, self._seed)
        self.controller = self._controller_class(self.station, self.wires)
        self._next_s = self.plant.time_s + after_s + self.cycle_s
        self._fine_until_s = self.plant.time_s + after_s + 5.0

    def kill_controller(self):
        self.wires = self.controller = None

    def run(self, until_s, before_step=None):
        """Up to plant time `until_s`. before_step(now_s) is called before each step: events of the caller."""
        while self.plant.time_s < until_s - 1e-9:
            if before_step is not None:
                before_step(self.plant.time_s)
            if self.stride_s <= 0.0:
                self._fine_step(self.step_s)
                continue
            event_s = self.world.next_event_s()
            if event_s != self._event_s:  # one has just passed, or goes on
                self._event_s, self._close_until_s = event_s, self.plant.time_s + _CLOSE_FOR_S
            room_s = min(until_s, event_s) - self.plant.time_s
            if self._is_quiet() and room_s >= 2 * _LAST_S:
                self._stride(min(room_s, self._stride_s))
            else:
                self._fine_step(self.step_s if self.plant.time_s < self._close_until_s else _MOVING_STEP_S)

    def _fine_step(self, dt_s):
        self.world.step(dt_s)
        now_s = self.plant.time_s
        if self.wires is not None:
            self.wires.step(now_s)
            if now_s + 1e-9 >= self._next_s:
                self._next_s += self.cycle_s
                self._cycle(now_s, self.cycle_s)
                self._pace(self.cycle_s)
            else:
                self.controller.between(now_s)
        if self._observe is not None:
            self._observe(dt_s)

    def _cycle(self, now_s, dt_s):
        self.cycles += 1
        self.controller.cycle(now_s, round(1000.0 * dt_s))
        if self._cycled is not None:
            self._cycled(self)

    # -- quiet times --
    def _is_quiet(self):
        return self.wires is not None and self.plant.time_s >= self._fine_until_s and not self.wires.pending

    def _stride(self, dt_s):
        for gun in self.plant.guns.values():  # no car may take more than it came for
            if gun.vehicle is not None:
                may_w = max(gun.power_w, min(gun.limit_w, gun.max_w)) * gun.efficiency
                left_s = gun.vehicle.still_wants_wh * 3600.0 / max(1.0, may_w)
                if left_s > 0.0:
                    dt_s = min(dt_s, max(left_s, 2 * _LAST_S))
        for part_s in (dt_s - _LAST_S, _LAST_S):
            self.world.step(part_s)
            meter = self.plant.meter
            for _ in range(int(part_s / meter.refresh_s)):  # the samples that the long step left out
                meter.step(0.0, self.plant.time_s, self.plant.grid_w)
            if self._observe is not None:
                self._observe(part_s)
        now_s = self.plant.time_s
        self.wires.all_at_once(now_s)
        self._cycle(now_s, dt_s)
        self.wires.write_all(now_s)
        self._next_s = now_s + self.cycle_s
        self.strides += 1
        self._pace(dt_s)

    def _pace(self, dt_s):
        """How fast the station moved in the last cycle decides how long the next stride may be."""
        if self.stride_s <= 0.0:
            return
        plant = self.plant
        powers = [gun.power_w for gun in plant.guns.values()]
        powers += [link.wanted or 0 for link in self.wires.links.values() if link.write is not None]
        powers += [plant.pv_w, plant.storage_w, plant.base_w]
        moved_w = 0.0 if self._last is None else sum(abs(a - b) for a, b in zip(powers, self._last, strict=True))
        self._last = powers
        wanted_s = self.stride_s if moved_w <= 0.0 else dt_s * self.calm_w / moved_w
        self._stride_s = min(self.stride_s, wanted_s, max(_LONGEST_GROWTH * dt_s, 2 * _LAST_S))
        if wanted_s < 2 * _LAST_S:
            self._fine_until_s = plant.time_s + _FINE_FOR_S
