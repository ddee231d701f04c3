"""The wires between control and plant in virtual time: each bus serves one request after the other, reads on time, and
writes decreases first.

A model of what drivers/ does on real wires, without frames: a request takes the time that its bytes take on the line,
the answer carries the value of the moment the request went out, a lost one costs a time-out, and a setpoint counts at
the largest value that the device may hold until the device confirms. Times in s, powers in W.
"""

import math
import random

# Registers and addressing of a typical request and its answer; one character on an RTU line is 11 bits.
_CHARACTERS = 8 + 25
_TURNAROUND_S = 0.008
_TCP_REQUEST_S = 0.005
_TIMEOUT_S = 0.1
_RETRY_S = 0.25  # a device that did not answer is left alone for so long
_PATIENCE_S = 1.0  # then an increase goes before the readings
POLL_S = {"meter": 0.1, "pv": 0.1, "pcs": 0.1, "bms": 0.5, "gun": 0.2}


class Link:
    """One device: its newest answer and, where it can be commanded, its setpoint.

    read() gives the device's values at this moment; write(value) puts a setpoint into it. `upper`: the largest value
    that it may hold; `held_known`: it has confirmed or told one. `at_s`: when the request of the newest answer went
    out, None before the first.
    """

    def __init__(self, device, read, write=None, read_back=None, upper=0):
        self.id, self.bus_id, self.unit = device["id"], device["bus"], device["unit"]
        self.poll_s = device.get("poll_ms", 1000.0 * POLL_S[device["role"]]) / 1000.0
        self.read, self.write, self.read_back = read, write, read_back
        self.values, self.at_s = None, None
        self.wanted, self.held, self.held_known, self.upper = None, 0, False, upper
        self.wanted_at_s = 0.0
        self.silent, self.frozen, self.delay_s = False, False, 0.0
        self.due_s, self.not_before_s = 0.0, 0.0
        self.bus = None
        self.writes = None  # a list, for whoever wants to know: (s, value) of each write the device heard

    def want(self, value, now_s):
        if value != self.wanted:
            self.wanted, self.wanted_at_s = value, now_s
            self.bus.idle_until_s = 0.0

    @property
    def pending(self):
        return self.wanted is not None and (not self.held_known or self.wanted != self.upper)

    def take(self, values, at_s):
        """An answer arrived. The first one also tells what the device holds, where it can be read back."""
        if not (self.frozen and self.values is not None):
            self.values = values
        self.at_s = at_s
        if self.read_back is not None and not self.held_known:
            self.confirm(self.read_back())

    def confirm(self, value):
        self.held = self.upper = value
        self.held_known = True


class _Bus:
    def __init__(self, spec, links, rng):
        self.links, self._rng = links, rng
        self.request_s = _TCP_REQUEST_S
        if spec["kind"] == "rtu":
            self.request_s = _CHARACTERS * 11.0 / spec["baud"] + _TURNAROUND_S
        self.damage = 0.0
        self.idle_until_s = 0.0  # nothing can begin before, unless somebody wants something
        self._job, self._ends_s, self._stepped_s = None, 0.0, 0.0
        for link in links:
            link.bus = self

    def step(self, now_s):
        """Everything that happens on this bus since the last step: a short request ends within one."""
        while self._job is not None or self._stepped_s + 1e-9 >= self.idle_until_s:
            if self._job is not None:
                if self._ends_s > now_s + 1e-9:
                    break
                job, self._job = self._job, None
                self._finish(*job)
            if not self._start(max(self._ends_s, self._stepped_s)):
                break
        self._stepped_s = now_s

    def _start(self, now_s):
        best, best_rank, idle_until_s = None, 9, math.inf
        by_now_s = now_s + 1e-9
        for link in self.links:
            pending, ready_s = link.pending, link.not_before_s
            if not pending and link.due_s > ready_s:
                ready_s = link.due_s
            if ready_s > by_now_s:
                if ready_s < idle_until_s:
                    idle_until_s = ready_s
                continue
            rank = _rank(link, pending, now_s)
            if rank < best_rank or (rank == best_rank and link.due_s < best.due_s):
                best, best_rank = link, rank
        if best is None:
            self.idle_until_s = idle_until_s
            return False
        self.idle_until_s = 0.0
        reads = best_rank == 1
        lost = best.silent or (self.damage and self._rng.random() < self.damage)
        value = best.wanted
        if reads:
            best.due_s = now_s + best.poll_s
            value = None if lost else best.read()
        else:
            best.upper = max(best.upper, value)
        answer_lost = lost or (self.damage and self._rng.random() < self.damage)
        self._job = (best, reads, value, now_s, lost, answer_lost)
        self._ends_s = now_s + (_TIMEOUT_S if answer_lost else self.request_s + best.delay_s)
        return True

    def _finish(self, link, reads, value, began_s, lost, answer_lost):
        if not lost and not reads:
            link.write(value)
            if link.writes is not None:
                link.writes.append((self._ends_s, value))
        if answer_lost:
            link.not_before_s = self._ends_s + (_RETRY_S if lost and link.silent else 0.0)
        elif reads:
            link.take(value, began_s)
        else:
            link.confirm(value)

    def all_at_once(self, now_s):
        """Quiet time: whatever is due within the stride has been answered by its end."""
        self._job, self._ends_s, self._stepped_s, self.idle_until_s = None, now_s, now_s, 0.0
        for link in self.links:
            if not link.silent:
                link.due_s = now_s + link.poll_s
                link.take(link.read(), now_s)

    def write_all(self, now_s):
        for link in self.links:
            if link.pending and not link.silent:
                link.write(link.wanted)
                link.confirm(link.wanted)


def _rank(link, pending, now_s):
    """What a link that is ready has to do: 0 a decrease or an overdue increase, 1 a reading, 2 an increase."""
    if pending and (link.wanted < link.upper or now_s - link.wanted_at_s > _PATIENCE_S):
        return 0
    return 1 if link.due_s <= now_s + 1e-9 else 2


class Wires:
    """All buses of a station file around a plant. A new controller gets new Wires: what it knew is lost with it."""

    def __init__(self, station, plant, seed=1):
        self.plant, self.links = plant, {}
        readers = {"meter": _meter, "pv": _pv, "bms": _bms, "pcs": _pcs, "gun": _gun}
        for device in station["devices"]:
            self.links[device["id"]] = readers[device["role"]](device, station, plant)
        self._commanded = [link for link in self.links.values() if link.write is not None]
        rng = random.Random(seed)
        self.buses = {}
        for spec in station["buses"]:
            links = [link for link in self.links.values() if link.bus_id == spec["id"]]
            self.buses[spec["id"]] = _Bus(spec, links, rng)
        for place, link in enumerate(self.links.values()):  # not all in the same instant
            link.due_s = plant.time_s + 0.02 * (place % 10)

    def step(self, now_s):
        for bus in self.buses.values():
            bus.step(now_s)

    def all_at_once(self, now_s):
        for bus in self.buses.values():
            bus.all_at_once(now_s)

    def write_all(self, now_s):
        for bus in self.buses.values():
            bus.write_all(now_s)

    @property
    def pending(self):
        return any(link.pending for link in self._commanded)


def _meter(device, station, plant):
    step_w = max(1, device.get("ct_ratio", 1) * device.get("pt_ratio", 1))  # 1 W on the secondary side
    return Link(device, lambda: (round(plant.meter.power_w / step_w) * step_w,))


def _pv(device, station, plant):
    pv = plant.pv[device["id"]]
    return Link(device, lambda: (int(pv.power_w),))


def _pcs(device, station, plant):
    storage = plant.storage[device["id"]]

    def read():
        storage.touch()
        return (round(storage.power_w),)

    return Link(device, read, storage.write_setpoint, lambda: int(storage.setpoint_w))


def _bms(device, station, plant):
    pcs = next(each["id"] for each in station["devices"] if each["role"] == "pcs" and each["bms"] == device["id"])
    storage = plant.storage[pcs]
    return Link(device, lambda: (int(1000 * storage.soc), int(storage.charge_max_w), int(storage.discharge_max_w)))


# The states of the plant's guns by the numbers of docs/design.md.
_STATES = {"idle": 0, "preparing": 1, "charging": 2, "suspended": 3, "finishing": 3, "fault": 4, "unavailable": 5}


def _gun(device, station, plant):
    gun = plant.guns[device["id"]]

    def read():
        gun.touch()
        return (round(gun.power_w), _STATES[gun.state])

    return Link(device, read, gun.write_limit, lambda: int(gun.limit_w), device["max_w"])
