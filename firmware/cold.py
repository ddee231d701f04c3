"""Code that is needed now and then: it is imported where it is used and forgotten afterwards, so that it costs no RAM
in between.
"""

import sys


def forget(*names) -> None:
    """Takes modules out of memory, as far as nobody uses what is in them; those not loaded are passed over."""
    for name in names:
        dot = name.rfind(".")
        module, package, short = sys.modules.pop(name, None), sys.modules.get(name[:dot]), name[dot + 1 :]
        if module is not None and hasattr(package, short):
            delattr(package, short)
