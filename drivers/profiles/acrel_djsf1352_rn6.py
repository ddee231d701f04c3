"""Acrel DJSF1352-RN-6: the DC meter DJSF1352-RN with its energies in 0.1 Wh."""

from drivers.profiles.acrel_djsf1352 import AcrelDjsf1352


class AcrelDjsf1352Rn6(AcrelDjsf1352):
    name = "acrel_djsf1352_rn6"
    wh_den = 10


PROFILE = AcrelDjsf1352Rn6()
