"""Which simulated device stands for which profile name of a station file."""

from tools.sim.devices.abb_terra_ac import AbbTerraAc
from tools.sim.devices.acrel_dtsd1352 import AcrelDtsd1352
from tools.sim.devices.acrel_relatives import AcrelAdl400, AcrelAdw300, AcrelDjsf1352, AcrelDjsf1352Rn6, Dtsu666Sungrow
from tools.sim.devices.alpitronic_hyc import AlpitronicHyc
from tools.sim.devices.ambibox import Ambibox
from tools.sim.devices.bcu_generic import BcuGeneric
from tools.sim.devices.byd_c130 import BydC130
from tools.sim.devices.chinese_pcs import Pcs0x60, SinexcelPws54
from tools.sim.devices.cn_pile_v2 import CnPileV2
from tools.sim.devices.dlt645_meter import Dlt645Meter
from tools.sim.devices.float_meters import Dtsu666, Dtsu666Huawei, JanitzaUmg, Sdm630
from tools.sim.devices.foxess_evc import FoxessEvc
from tools.sim.devices.gold_bcu import GoldBcu
from tools.sim.devices.heidelberg_ec import HeidelbergEc
from tools.sim.devices.huawei import Huawei
from tools.sim.devices.huawei_plants import HuaweiEmma, HuaweiSmartlogger
from tools.sim.devices.keba_p30 import KebaP30
from tools.sim.devices.power_cabinet import PowerCabinet
from tools.sim.devices.pylontech_m2 import PylontechM2
from tools.sim.devices.sigenergy_evdc import SigenergyEvdc
from tools.sim.devices.sinexcel_pws2 import SinexcelPws2
from tools.sim.devices.sungrow import SungrowSg, SungrowSh
from tools.sim.devices.sunspec_meter import SunspecMeter
from tools.sim.devices.sunspec_pv import DerInverter, sunspec_pv
from tools.sim.devices.sunspec_storage import sunspec_storage
from tools.sim.devices.wallbox_quasar import WallboxQuasar
from tools.sim.devices.xj_dual import XjDual
from tools.sim.plant import simulated_profile

IMAGES = {
    "acrel_dtsd1352": AcrelDtsd1352,
    "alpitronic_hyc": AlpitronicHyc,
    "bcu_generic": BcuGeneric,
    "cn_pile_v2": CnPileV2,
    "foxess_evc": FoxessEvc,
    "heidelberg_ec": HeidelbergEc,
    "sinexcel_pws2": SinexcelPws2,
    "sunspec_inverter": sunspec_pv,
    "acrel_adl400": AcrelAdl400,
    "acrel_adw300": AcrelAdw300,
    "acrel_djsf1352": AcrelDjsf1352,
    "acrel_djsf1352_rn6": AcrelDjsf1352Rn6,
    "dtsu666": Dtsu666,
    "dtsu666_huawei": Dtsu666Huawei,
    "dtsu666_sungrow": Dtsu666Sungrow,
    "janitza_umg": JanitzaUmg,
    "sdm630": Sdm630,
    "huawei_luna2000": Huawei,
    "huawei_luna2000_bms": Huawei,
    "huawei_meter": Huawei,
    "huawei_sun2000": Huawei,
    "huawei_sun2000_hybrid": Huawei,
    "huawei_emma": HuaweiEmma,
    "huawei_emma_meter": HuaweiEmma,
    "huawei_smartlogger": HuaweiSmartlogger,
    "huawei_smartlogger_meter": HuaweiSmartlogger,
    "sungrow_sg": SungrowSg,
    "sungrow_sg_meter": SungrowSg,
    "sungrow_sh": SungrowSh,
    "sungrow_sh_bms": SungrowSh,
    "sungrow_sh_meter": SungrowSh,
    "sungrow_sh_pcs": SungrowSh,
    "sunspec_der": DerInverter,
    "sunspec_meter": SunspecMeter,
    "sunspec_meter_2": SunspecMeter,
    "sunspec_der_storage": sunspec_storage,
    "sunspec_der_battery": sunspec_storage,
    "sunspec_storage": sunspec_storage,
    "sunspec_storage_bms": sunspec_storage,
    "sunspec_battery": sunspec_storage,
    "abb_terra_ac": AbbTerraAc,
    "ambibox": Ambibox,
    "byd_c130": BydC130,
    "pcs_0x60": Pcs0x60,
    "sinexcel_pws_54": SinexcelPws54,
    "gold_bcu": GoldBcu,
    "keba_p30": KebaP30,
    "power_cabinet": PowerCabinet,
    "pylontech_m2": PylontechM2,
    "sigenergy_evdc": SigenergyEvdc,
    "wallbox_quasar": WallboxQuasar,
    "xj_dual": XjDual,
    "dlt645_meter": Dlt645Meter,
}
# Several devices of the station file may be connectors of one unit id.
SHARED_UNIT = ("alpitronic_hyc", "ambibox", "xj_dual")
# Profiles whose devices are parts of one machine, behind one unit id: at most one device of each role.
MACHINES = (
    {"huawei_sun2000", "huawei_sun2000_hybrid", "huawei_luna2000", "huawei_luna2000_bms", "huawei_meter"},
    {"huawei_emma", "huawei_emma_meter"},
    {"huawei_smartlogger", "huawei_smartlogger_meter"},
    {"sungrow_sg", "sungrow_sg_meter"},
    {"sungrow_sh", "sungrow_sh_pcs", "sungrow_sh_bms", "sungrow_sh_meter"},
    {"sunspec_storage", "sunspec_battery"},
    {"sunspec_storage", "sunspec_storage_bms"},
    {"sunspec_der_storage", "sunspec_der_battery", "sunspec_battery"},
)


def _may_share(devices):
    """Whether the devices of one unit id are parts of one machine."""
    profiles = {device["profile"] for device in devices}
    if len(profiles) == 1:
        return len(devices) == 1 or profiles.issubset(SHARED_UNIT)
    roles = [device["role"] for device in devices]
    return len(set(roles)) == len(roles) and any(profiles <= machine for machine in MACHINES)


class NotSimulated(ValueError):
    """A station that cannot be simulated; the text names the device and what is allowed."""


def build_images(station, plant):
    """{bus id: {unit: image}} for the devices of a station file. Raises NotSimulated."""
    storage_of_bms = {
        device["bms"]: device["id"] for device in station["devices"] if device["role"] == "pcs" and "bms" in device
    }
    groups = {}
    for index, device in enumerate(station["devices"]):
        profile = simulated_profile(device)
        if profile not in IMAGES:
            key, found = "profile" if profile == device["profile"] else "simulated_as", profile or "nothing"
            allowed = ", ".join(sorted(IMAGES))
            raise NotSimulated(
                f"devices[{index}].{key} ({device['id']})：没有这种模拟设备；发现：{found}；允许：{allowed}\n"
                f"devices[{index}].{key} ({device['id']}): no such simulated device; found {found}; allowed: {allowed}"
            )
        device = {**device, "profile": profile}
        if device["role"] == "bms":
            if device["id"] not in storage_of_bms:
                raise NotSimulated(f"devices[{index}] ({device['id']}): no PCS of the station names this BMS")
            device = {**device, "storage": storage_of_bms[device["id"]]}
        groups.setdefault((device["bus"], device["unit"]), []).append(device)
    images = {bus["id"]: {} for bus in station["buses"]}
    for (bus_id, unit), devices in groups.items():
        names = ", ".join(device["id"] for device in devices)
        if not _may_share(devices):
            raise NotSimulated(
                f"bus {bus_id}, unit {unit}: {names} share it; "
                f"only connectors of {', '.join(SHARED_UNIT)} and the parts of one machine may"
            )
        if bus_id not in images:
            raise NotSimulated(f"{names}: bus {bus_id!r} does not exist; allowed: {', '.join(images)}")
        images[bus_id][unit] = IMAGES[devices[0]["profile"]](unit, devices, plant)
    return images
