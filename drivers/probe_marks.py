"""By what a device is recognised, beyond the points of its profile: voltages, frequency, ratings, cell voltages and
texts at the places of its register map. Loaded for commissioning only.

A mark is (function, register, decode, low, high[, num]): the content, times num for a float, lies within low..high. Or
(function, register, TEXT, registers, part): a text that contains `part`. Or (function, register, REFUSED): the device
refuses a read of this one register. The sources are those of the profiles.
"""

from drivers.decode import f32, s16, u16, u32

TEXT, REFUSED = "text", "refused"

# 0.1 V: 57.7 V behind a voltage transformer up to 400 V between phases; 0.01 Hz and 0.1 Hz: 45 to 65 Hz.
_DV = (500, 4600)
_HZ = (4500, 6500)
_CELL_MV = (2000, 4500)
_SUN2000 = (3, 30000, TEXT, 15, "SUN2000")
_SUNGROW = ((4, 5018, u16) + _DV, (4, 5035, u16, 450, 650))
_SUNGROW_BATTERY = ((4, 13019, u16, 300, 15000), (4, 13022, u16, 1, 1000))
_DTSD1352 = ((3, 0x61, u16) + _DV, (3, 0x62, u16) + _DV, (3, 0x77, u16) + _HZ)


def _floats(function, volts, hertz, num_volts, num_hertz):
    return (function, volts, f32) + _DV + (num_volts,), (function, hertz, f32) + _HZ + (num_hertz,)


_DJSF1352 = ((3, 0, s16, 1, 9999), (3, 1, u16, 0, 5), (3, 3, u16, 0, 5), (3, 9, u16, 0, 5))
_EMMA = ((3, 30222, TEXT, 20, "EMMA"),)

MARKS = {
    "acrel_dtsd1352": _DTSD1352 + ((3, 0x8E, u16, 1, 9999),),
    "dtsu666_sungrow": _DTSD1352,
    "acrel_adl400": _floats(3, 0x0800, 0x0834, 10, 100),
    "acrel_adw300": ((3, 20, u16) + _DV, (3, 21, u16) + _DV, (3, 22, u16) + _DV),
    "acrel_djsf1352": _DJSF1352,
    "acrel_djsf1352_rn6": _DJSF1352,
    "dtsu666": _floats(3, 0x2006, 0x2044, 1, 1),
    "dtsu666_huawei": _floats(3, 0x2006, 0x2044, 10, 100),
    "sdm630": _floats(4, 0, 70, 10, 100),
    "janitza_umg": _floats(3, 19000, 19050, 10, 100),
    "huawei_sun2000": (_SUN2000, (3, 32085, u16) + _HZ),
    "huawei_sun2000_hybrid": (_SUN2000, (3, 32085, u16) + _HZ, (3, 37762, u16, 1, 4)),
    "huawei_luna2000": (_SUN2000, (3, 37762, u16, 1, 4), (3, 37760, u16, 1, 1000)),
    "huawei_luna2000_bms": (_SUN2000, (3, 37762, u16, 1, 4), (3, 37760, u16, 1, 1000)),
    "huawei_meter": (_SUN2000, (3, 37100, u16, 1, 1)),
    "huawei_emma": _EMMA,
    "huawei_emma_meter": _EMMA,
    "huawei_smartlogger": ((3, 40560, u32, 1, 0x7FFFFFFE),),
    "huawei_smartlogger_meter": ((3, 32260, u32, 5000, 46000), (3, 32262, u32, 5000, 46000)),
    "sungrow_sg": _SUNGROW,
    "sungrow_sg_meter": _SUNGROW + ((4, 13000, REFUSED),),
    "sungrow_sh": _SUNGROW + ((4, 13022, u16, 0, 1000),),
    "sungrow_sh_pcs": _SUNGROW_BATTERY,
    "sungrow_sh_bms": _SUNGROW_BATTERY,
    "sungrow_sh_meter": ((4, 13022, u16, 0, 1000), (4, 13019, u16, 0, 15000)),
    "gold_bcu": ((4, 1, u16, 500, 15000), (4, 4, u16, 30, 100), (4, 20, u16) + _CELL_MV, (4, 23, u16) + _CELL_MV),
    "bcu_generic": ((3, 0x0210, u16) + _CELL_MV, (3, 0x0214, u16) + _CELL_MV, (3, 0x0228, u16, 300, 1000)),
    "pylontech_m2": ((3, 0x1110, u16) + _CELL_MV, (3, 0x1111, u16) + _CELL_MV, (3, 0x1103, u16, 300, 15000)),
    "byd_c130": ((3, 0x2106, u16) + _CELL_MV, (3, 0x2108, u16) + _CELL_MV, (3, 0x2104, u16, 30, 100)),
    "sinexcel_pws2": ((3, 101, u16) + _DV, (3, 107, u16) + _HZ),
    "sinexcel_pws_54": ((4, 54200, u16, 1000, 8000), (4, 54206, u16) + _HZ),
    "pcs_0x60": ((3, 0x6020, u16, 1000, 8000), (3, 0x6021, u16, 1000, 8000)),
    "alpitronic_hyc": ((4, 2, u16, 1, 4), (4, 3, u16, 0, 10), (4, 109, u16, 0, 7)),
    "cn_pile_v2": ((3, 0, REFUSED),),
    "foxess_evc": ((3, 0x1008, u16) + _DV, (3, 0x3005, u16, 0, 60), (3, 0x3006, u16, 0, 800)),
    "heidelberg_ec": ((4, 4, u16, 1, 0x0FFF), (4, 10, u16, 180, 260), (4, 100, u16, 6, 63)),
    "keba_p30": ((3, 1004, u32, 0, 7), (3, 1100, u32, 6000, 63000), (3, 1014, u32, 1, 0xFFFFFFFE)),
    "abb_terra_ac": ((3, 0x4006, u32, 6000, 63000), (3, 0x4016, u32) + _DV),
    "ambibox": ((4, 4012, f32) + _DV + (10,), (4, 4082, u32, 0, 9)),
    "sigenergy_evdc": ((4, 31513, u16, 0, 10), (4, 31523, u32, 1000, 1000000)),
    "wallbox_quasar": ((3, 81, u16, 0, 1), (3, 537, u16, 0, 11), (3, 514, s16, 1380, 7400)),
    "xj_dual": ((3, 0x1000, u16, 1, 2), (3, 0x1001, u16, 20, 2000)),
    "power_cabinet": ((4, 0, u16, 0x4743, 0x4743), (4, 1, u16, 1, 1)),
}
