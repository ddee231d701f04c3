"""The controller's heartbeat of SunSpec model 715, for the profiles of devices that may have it."""

from drivers.output import Output

_MOST = 0x3FFFFFFF


class Heartbeat(Output):
    """ControllerHb of model 715, where the device has it: one more with every write. A device that waits for it takes
    its silence as the end of every command, so it beats as often as the commands are refreshed, and its time-out must
    be at least the `watchdog_s` of the station file. Nobody commands it: `beat` starts it with the first command."""

    def __init__(self):
        Output.__init__(self, "heartbeat", 16, 5, words=2, high=1, read_function=0, model=715)

    def put(self, device, raw, words):
        count = (device.facts.get("heartbeat", 0) + 1) & _MOST
        device.facts["heartbeat"] = count
        words[0] = count >> 16
        words[1] = count & 0xFFFF
        return 2


def beat(device):
    """A command goes out: from now on the controller's heart beats."""
    device.setpoints["heartbeat"].want(1)
