"""The black box: what control was told and what it decided, cycle by cycle, in a ring of bytes that never grows.

`record()` runs after the commit of each cycle and allocates nothing (proved with heap_lock in the tests). The ring
holds three kinds of entries. A key holds the whole memory of control, so that a recording that begins there can be
replayed exactly; a frame holds one cycle's inputs and decisions as differences to the cycle before; a reflex
is a meter sample between two cycles and what the storage did about it. Every quarter of the ring begins with a key;
what is overwritten goes key by key.

Some seconds after a breach of the promise, an emergency stop or a request (a file `black_box.request` in the station's
folder) the ring is frozen, saved in small pieces out of the cycle, and begins anew. docs/black-box.md has the format,
`python -m tools.replay` reads it.
"""

import os
from array import array

from drivers.flash_gate import Gate
from drivers.ticks import sleep_ms
from firmware.black_box_ring import Ring
from firmware.cold import forget

# What is recorded, by name. A new field of control is one name here; tests/firmware/test_black_box_fields.py fails
# until it has a place. Inputs that grow by the time that passes: a reading that did not come costs nothing then.
AGES = ("grid_age_ms", "pv_age_ms", "storage_age_ms", "bms_age_ms", "gun_age_ms")
# The ones that change often first: eight neighbours that stand still cost next to nothing.
INPUTS = (
    "grid_w", "grid_is_new", "storage_w", "pv_w", "gun_w", "gun_upper_w", "soc_permille", "charge_max_w",
    "discharge_max_w", "storage_upper_w", "quarter_left_ms", "emergency_stop", "gun_state", "gun_held_known",
    "gun_required_w", "gun_limit_w", "storage_wish_w", "circuit_limit_w",
)  # fmt: skip
DECISIONS = (
    "base_w", "storage_setpoint_w", "storage_reason", "cap_w", "ladder", "started", "invariant_excess_w", "grant_w",
    "reason", "reason_a",
)  # fmt: skip
# Decisions and estimates that move in every cycle: one checksum of them all is kept instead of their values.
SUMMED = ("entitled_w", "target_w", "demand_w", "reason_b", "room_w", "storage_certain_w", "pv_lo_w", "guns_hi_w")
# What control remembers from one cycle to the next.
STATE = (
    "uptime_ms", "started", "base_w", "base_known", "base_peak_w", "base_peak_age_ms", "others_lo_w", "others_hi_w",
    "pv_history_w", "guns_history_w", "ring", "ring_filled", "grid_last_w", "grid_same_ms", "moved_w", "grid_frozen",
    "blind_ms", "ladder", "ladder_calm_ms", "pv_now_w", "pv_lo_w", "gun_unheard", "grant_w", "entitled_w", "demand_w",
    "target_w", "admitted", "bound_by", "settle_ms", "upper_recent_w", "upper_before_w", "deaf_ms", "defy_ms",
    "disobedient", "fixed", "unused_ms", "weight_now", "turn_key", "run_ms", "wait_ms", "cut_ms", "yields",
    "rotation_ms", "rose_from_w", "idle_draw_ms", "storage_setpoint_w", "storage_wish_w", "storage_before_w",
    "storage_long_before_w", "storage_short_ms", "storage_short_w", "storage_reason", "storage_certain_w", "room_w",
    "invariant_breaches", "forced_cycles", "invariant_excess_w", "wants_more", "hold", "base_history_w",
    "contradictions", "fade_ms", "grid_suspect", "headroom_now_w", "learned_rise_w", "others_least_w", "others_most_w",
    "rise_level_w", "rise_ms", "rise_w", "source_unheard", "spanned", "suspect_ms", "cap_w", "guns_hi_w", "guns_lo_w",
    "pv_lead_w", "observed", "watched", "learned_count", "fall_ms",
)  # fmt: skip

CAUSES = ("breach", "stop", "request")
BREACH, STOP, REQUEST = 0, 1, 2
KEY, FRAME, REFLEX = 0x4B, 0x46, 0x52  # first byte of an entry

_AFTER = 15  # cycles recorded after the event
_AGAIN_MS = 600000  # the first breach of a series tells most: the next one is not saved over it within this time
_LOOK_MS = 500


class BlackBox(Ring):
    """station: control.station.Station. folder: for the files. about: dict of texts and numbers for the head of a file.

    size: bytes of the ring; 0 chooses by the number of guns. `frozen`: nothing is recorded until rearm(). `gate`: that
    of the station's files, to be set.
    """

    causes = CAUSES

    def __init__(self, station, folder=".", about=None, size=0):
        super().__init__(size or ring_bytes(station.guns))
        self.station, self.folder, self.about = station, folder, about or {}
        self.frozen = False
        self.gate = Gate()
        self.cause = -1  # index into CAUSES once something happened
        self.event_cycle = 0
        self.cycle = 0  # since the start; the first one is not recorded, only the memory after it
        self.problem = ""  # why the last file could not be written
        ages, told, decided = self._count(AGES, 1), self._count(INPUTS, 0), self._count(DECISIONS, 0)
        self._grid, self._base = ages, ages + told  # places of grid_w and base_w; storage_setpoint_w comes next
        self._last = array("i", [0] * (ages + told + decided + 1))  # of each recorded value, in the order of recording
        self._one = array("i", [0])
        self._quiet_until = array("i", [0] * len(CAUSES))
        self._stopped = True  # a stop that outlived a restart is no event
        self.rearm()

    def rearm(self):
        """Forget the ring and record again."""
        self.cause = -1
        self.frozen = False
        self._left = 0
        self._breaches = self.station.invariant_breaches
        self.clear()

    def lists(self):
        """(title, object, names) of what is recorded, for the head of a file."""
        s = self.station
        return (
            ("ages", s.inputs, AGES), ("inputs", s.inputs, INPUTS), ("decisions", s, DECISIONS), ("summed", s, SUMMED),
            ("state", s, STATE),
        )  # fmt: skip

    def trigger(self, cause):
        """Freeze and save a little later. True when it will be done, False when another event is under way or was
        saved lately.
        """
        if self.cause >= 0 or self.cycle < self._quiet_until[cause]:
            return False
        self.cause, self.event_cycle, self._left = cause, self.cycle, _AFTER
        if cause != REQUEST:
            self._quiet_until[cause] = self.cycle + _AGAIN_MS // self.station.cycle_ms
        return True

    def record(self, dt_ms):
        """Take in the cycle that has just been decided. dt_ms: what step() was told. Allocates nothing."""
        self.cycle += 1
        if self.frozen:
            return
        if self.key_count:
            self._frame(dt_ms)
        if not self.key_count or self.since > self.size // 4:
            self._key()
        self._watch()
        if self.cause >= 0:
            self._left -= 1
            self.frozen = self._left < 0

    def record_reflex(self, grid_w):
        """Take in a reflex between two cycles, whether it moved anything or not. Allocates nothing."""
        if self.frozen or not self.key_count:
            return
        self.put(REFLEX)
        self.number(grid_w ^ self._last[self._grid])
        self.number(self.station.base_w ^ self._last[self._base])
        self.number(self.station.storage_setpoint_w ^ self._last[self._base + 1])

    async def run(self):
        """Supervised task: looks for a request, and saves what is frozen."""
        while True:
            await sleep_ms(_LOOK_MS)
            if self.cause < 0 and await self._requested():
                self.trigger(REQUEST)
            if self.frozen:
                await self._save()
                self.rearm()

    async def _requested(self):
        try:
            os.stat(self.folder + "/black_box.request")
            await self.gate.window()
            os.remove(self.folder + "/black_box.request")
            self.gate.done()
        except OSError:
            return False
        return True

    async def _save(self):
        self.problem = ""
        await self.gate.after_cycle()
        from firmware import black_box_file  # finds it no memory, the task begins anew, and the ring is still frozen

        try:
            await black_box_file.save(self)
        except OSError as error:  # a full or broken flash must not stop the recording
            self.problem = "black box not saved: %s" % error
            print(self.problem)
        del black_box_file
        forget("firmware.black_box_file")

    def _watch(self):
        s = self.station
        # The stop first: with it goes the storage's support, so the promise may not hold until the guns are down.
        if s.inputs.emergency_stop and not self._stopped:
            self.trigger(STOP)
        self._stopped = s.inputs.emergency_stop
        if s.invariant_breaches != self._breaches:
            self._breaches = s.invariant_breaches
            if not self._stopped:
                self.trigger(BREACH)

    def _count(self, names, count):
        owner = self.station if names is DECISIONS else self.station.inputs
        for name in names:
            value = getattr(owner, name)  # an array, an int, or a bool (which is no int on MicroPython)
            count += len(value) if isinstance(value, array) else 1
        return count

    def _key(self):
        self.begin_key()
        self.put(KEY)
        self.number(self.cycle)
        s = self.station
        for name in STATE:
            value = getattr(s, name)
            if isinstance(value, array):
                self.changes(value, None, 0, 0)
            else:
                self._one[0] = value
                self.changes(self._one, None, 0, 0)
        self.end_changes()
        for i in range(len(self._last)):  # the next frame can be read without the one before
            self._last[i] = 0
        self.since = 0

    def _frame(self, dt_ms):
        s = self.station
        self.put(FRAME)
        self._place = 0
        self._add(dt_ms, 0)
        self._fields(s.inputs, AGES, dt_ms)
        self._fields(s.inputs, INPUTS, 0)
        self._fields(s, DECISIONS, 0)
        self._add(checksum(s), 0)
        self.end_changes()

    def _fields(self, owner, names, drift):
        for name in names:
            value = getattr(owner, name)
            if isinstance(value, array):
                self._place = self.changes(value, self._last, self._place, drift)
            else:
                self._add(value, drift)

    def _add(self, value, drift):
        self._one[0] = value
        self._place = self.changes(self._one, self._last, self._place, drift)


def ring_bytes(guns):
    """Bytes of the ring that a station should have: docs/black-box.md states the seconds that they hold."""
    return max(8192, 640 * guns)


def checksum(s):
    """24 bits over the fields in SUMMED."""
    total = 0
    for name in SUMMED:
        value = getattr(s, name)
        if isinstance(value, array):
            for i in range(len(value)):
                total = mixed(total, value[i])
        else:
            total = mixed(total, value)
    return total


def mixed(total, value):
    return (total * 31 + (value & 0xFFFFFF) + (value >> 24)) & 0xFFFFFF
