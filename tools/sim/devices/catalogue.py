"""Which simulated device stands for which profile name of a station file."""

from tools.sim.devices.acrel_dtsd1352 import AcrelDtsd1352
from tools.sim.devices.alpitronic_hyc import AlpitronicHyc
from tools.sim.devices.bcu_generic import BcuGeneric
from tools.sim.devices.cn_pile_v2 import CnPileV2
from tools.sim.devices.foxess_evc import FoxessEvc
from tools.sim.devices.heidelberg_ec import HeidelbergEc
from tools.sim.devices.sinexcel_pws2 import SinexcelPws2
from tools.sim.devices.sunspec_inverter import SunspecInverter

IMAGES = {
    "acrel_dtsd1352": AcrelDtsd1352,
    "alpitronic_hyc": AlpitronicHyc,
    "bcu_generic": BcuGeneric,
    "cn_pile_v2": CnPileV2,
    "foxess_evc": FoxessEvc,
    "heidelberg_ec": HeidelbergEc,
    "sinexcel_pws2": SinexcelPws2,
    "sunspec_inverter": SunspecInverter,
}
SHARED_UNIT = ("alpitronic_hyc",)  # several devices of the station file may be connectors of one unit id


def build_images(station, plant):
    """{bus id: {unit: image}} for the devices of a station file. ValueError names the device and what is wrong."""
    storage_of_bms = {
        device["bms"]: device["id"] for device in station["devices"] if device["role"] == "pcs" and "bms" in device
    }
    groups = {}
    for index, device in enumerate(station["devices"]):
        if device["profile"] not in IMAGES:
            allowed = ", ".join(sorted(IMAGES))
            raise ValueError(
                f"devices[{index}] ({device['id']}): profile {device['profile']!r} is not simulated; allowed: {allowed}"
            )
        if device["role"] == "bms":
            if device["id"] not in storage_of_bms:
                raise ValueError(f"devices[{index}] ({device['id']}): no PCS of the station names this BMS")
            device = {**device, "storage": storage_of_bms[device["id"]]}
        groups.setdefault((device["bus"], device["unit"]), []).append(device)
    images = {bus["id"]: {} for bus in station["buses"]}
    for (bus_id, unit), devices in groups.items():
        profiles = {device["profile"] for device in devices}
        names = ", ".join(device["id"] for device in devices)
        if len(devices) > 1 and not (len(profiles) == 1 and profiles.issubset(SHARED_UNIT)):
            raise ValueError(
                f"bus {bus_id}, unit {unit}: {names} share it; only connectors of {', '.join(SHARED_UNIT)} may"
            )
        if bus_id not in images:
            raise ValueError(f"{names}: bus {bus_id!r} does not exist; allowed: {', '.join(images)}")
        images[bus_id][unit] = IMAGES[devices[0]["profile"]](unit, devices, plant)
    return images
