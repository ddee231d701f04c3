"""Between two cycles: a meter sample that shows a clear rise of the unmetered load moves the storage at once.

Only towards more discharge, and only the storage: guns, ladder and everything that lowers an estimate wait for the
cycle. It saves up to one cycle of the reaction, and the storage is what reacts first.
"""

from control import ladder, storage


def react(s, grid_w):
    """True when s.storage_setpoint_w was changed. s: Station. grid_w: a meter sample newer than the last cycle."""
    if not s.started or not s.spanned or not s.has_storage or s.inputs.emergency_stop:
        return False
    if s.ladder != ladder.FRESH or s.grid_frozen or s.grid_suspect:
        return False
    least_w = grid_w - s.others_most_w
    if least_w <= s.base_w + s.cap_w // 200:
        return False
    s.base_w = least_w
    before_w = s.storage_setpoint_w
    storage.setpoint(s, s.base_w, 0)
    return s.storage_setpoint_w < before_w
