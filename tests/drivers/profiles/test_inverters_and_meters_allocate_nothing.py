# runs on: cpython, micropython
"""The control readings of these profiles, decoded with the heap locked: one allocation is a MemoryError. (CPython has
no lock; there it only runs.)"""

from drivers.plan import Plan
from drivers.reading import GOOD
from tests.drivers.profiles.replies import chain, finish
from tests.drivers.stations import device, words
from tests.heap import heap_lock, heap_unlock

W_125500 = {0: 0x47F5, 1: 0x1E00}  # 125500.0
AT = {
    "sdm630": {52: W_125500},
    "dtsu666": {0x2012: W_125500},
    "dtsu666_huawei": {0x2012: W_125500},
    "dtsu666_sungrow": {0x16A: {0: 1, 1: 22000}},
    "janitza_umg": {19026: W_125500},
    "acrel_adl400": {0x81A: {0: 0x42FB, 1: 0}},
    "acrel_adw300": {36: {0: 0, 1: 22000}},
    "acrel_djsf1352": {8: {0: 1234, 1: 2}},
    "huawei_meter": {37113: {0: 0xFFFF, 1: 22000}},
    "huawei_sun2000": {32080: {0: 1, 1: 22000, 9: 0x200}},
    "huawei_luna2000": {37762: {0: 2, 4: 1234}},
    "huawei_luna2000_bms": {37046: {1: 5000, 3: 5000}, 37760: {0: 555, 2: 2}},
    "sungrow_sg": {5030: {0: 22000, 1: 1}},
    "sungrow_sh": {5016: {0: 8000}},
    "sungrow_sh_pcs": {13000: {0: 2, 21: 3000}},
    "sungrow_sh_bms": {13022: {0: 555}, 33046: {0: 1000, 1: 1000}},
    "sungrow_sh_meter": {13009: {0: 0x8000, 1: 0xFFFF}},
}
MODELS = {
    "sunspec_der": ((701, 153, {4: 3, 10: 8888, 116: 1}),),
    "sunspec_meter": ((203, 105, {18: -4321, 22: 1}),),
    "sunspec_storage": ((103, 50, {14: -2500, 15: 1, 38: 4}),),
    "sunspec_der_storage": ((701, 153, {4: 3, 10: -2500, 116: 1}),),
    "sunspec_storage_bms": ((124, 24, {2: 5000, 8: 613, 18: 1, 22: -1}),),
    "sunspec_der_battery": ((702, 50, {34: 2000, 35: 1500, 45: 2}), (713, 7, {4: 61})),
    "sunspec_battery": (
        (802, 62, {4: 1000, 5: 2000, 11: 613, 22: 3, 34: 7680, 45: 1000, 46: 3000, 54: 2, 56: -1, 59: -1, 62: -1}),
    ),
}  # fmt: skip


def decode_locked(dev, plan, image):
    decoded = 0
    for block in plan.blocks:
        if block.slow:
            continue
        data = words(*[image.get(block.register + i, 0) for i in range(block.count)])
        heap_lock()
        try:
            block.replied(data, 0, 1000, 1001)
        finally:
            heap_unlock()
        decoded += len(block.fields)
    assert decoded, "nothing was decoded"
    assert [r for r in dev.readings.values() if r.quality == GOOD], "no reading is good"


def test_registers_become_readings():
    for name, contents in AT.items():
        dev = device(name)
        image = {register + i: word for register, pairs in contents.items() for i, word in pairs.items()}
        decode_locked(dev, Plan(dev, 16), image)


def test_sunspec_models_become_readings():
    for name, models in MODELS.items():
        image, _ = chain((1, 66, {}), *models)
        dev = device(name)
        plan = Plan(dev, 16)
        finish(plan, image)
        decode_locked(dev, plan, image)
