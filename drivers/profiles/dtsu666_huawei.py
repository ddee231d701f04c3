"""DTSU666-H and DTSU666-HW as delivered by Huawei: the registers of the Chint DTSU666, but floats in W."""

from drivers.profiles.dtsu666 import Dtsu666


class Dtsu666Huawei(Dtsu666):
    name = "dtsu666_huawei"
    grade = "B"
    source = "mbmd issue 355 (three maps under one name)"
    watts_den = 1


PROFILE = Dtsu666Huawei()
