"""Emergency stop (急停): a contact, a device or a command presses it; it stays until it is released on site.

The latch is kept in the state file, so a restart does not release it. Release: the contact is closed again and the
RESET contact is pressed. A station file without contacts leaves only commands to press it and no way to release it
from afar.
"""

from drivers.ticks import const, ticks_diff

# Contacts of a process board arrive as datagrams; until the first one nothing is decided anyway.
_BOOT_GRACE_MS = const(1500)


class EmergencyStop:
    """contacts: object with poll(now_ms) and level(name) -> 1, 0 or -1 (unknown), or None. settings: `inputs` of
    the station file.
    """

    def __init__(self, settings, contacts, latched):
        stop = (settings or {}).get("emergency_stop")
        reset = (settings or {}).get("reset")
        self._contacts = contacts if stop else None
        self._pin = stop["pin"] if stop else ""
        self._safe_level = 1 if stop and stop.get("normally_closed", True) else 0
        self._reset_pin = reset["pin"] if reset else None
        self._started_ms = None  # ticks of the first look: a start of some seconds comes before it
        self._in_grace = True
        self.active = bool(latched)
        self.source = "state" if latched else ""
        self.changed = False  # since the latch was last saved

    def press(self, source):
        """source: "contact", "bms" or "command"."""
        if not self.active:
            self.active = True
            self.source = source
            self.changed = True

    def poll(self, now_ms):
        if self._contacts is None:
            return
        self._contacts.poll(now_ms)
        level = self._contacts.level(self._pin)
        if level == -1 and self._in_grace:
            if self._started_ms is None:
                self._started_ms = now_ms
            if ticks_diff(now_ms, self._started_ms) < _BOOT_GRACE_MS:
                return
        self._in_grace = False
        if level != self._safe_level:
            self.press("contact")
        elif self.active and self._reset_pin is not None and self._contacts.level(self._reset_pin) == 1:
            self.active = False
            self.source = ""
            self.changed = True
