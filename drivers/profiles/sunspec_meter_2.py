"""The second SunSpec meter of a device that has two behind one unit id."""

from drivers.profiles.sunspec_meter import SunspecMeter


class SunspecMeter2(SunspecMeter):
    name = "sunspec_meter_2"
    which = (203, 2)


PROFILE = SunspecMeter2()
