"""The contacts of this board."""

from boards import pin_inputs
from boards.esp32_generic.board import CONTACTS


def Inputs(names):
    """Reads the named contacts of this board: poll(now_ms), level(name). Raises KeyError for one it does not have."""
    return pin_inputs.Inputs(names, CONTACTS)
