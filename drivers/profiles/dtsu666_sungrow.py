"""DTSU666-20 as delivered by Sungrow: the integer registers of Acrel's DTSD1352, without external transformers."""

from drivers.profiles.acrel_dtsd1352 import AcrelDtsd1352


class Dtsu666Sungrow(AcrelDtsd1352):
    name = "dtsu666_sungrow"
    grade = "B"
    source = "mbmd issue 355 (three maps under one name)"
    needs = ()


PROFILE = Dtsu666Sungrow()
