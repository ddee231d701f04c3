"""What the flash of a board has to bear."""

PAGE_BYTES = 256
DIRECTORIES = "names and directories"


def programmed(log) -> tuple:
    """(bytes, sectors erased) of a part of EmulatedBoard.flash_log."""
    erases = sum(what == "erase" for _, what, _ in log)
    return PAGE_BYTES * (len(log) - erases), erases


def per_day(count, ms):
    """What a count in `ms` would be in a day."""
    return round(count * 86400000 / ms)
