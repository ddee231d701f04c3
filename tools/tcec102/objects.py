"""Station, equipment and connectors as T/CEC 102.2 names them, from what a station says over MQTT.

A charger is an equipment, each of its guns a connector. Guns that share bus and Modbus unit id are one charger. Codes
are those that several implementations agree on (grade C): connector 0 offline, 1 idle, 2 occupied, 3 charging,
255 fault; equipment 1 DC, 2 AC; connector type 3 AC plug, 4 DC gun; station 50 in operation, 0 unknown.
"""

OFFLINE, IDLE, OCCUPIED, CHARGING, FAULT = 0, 1, 2, 3, 255
_STATUS = {
    "idle": IDLE,
    "preparing": OCCUPIED,
    "charging": CHARGING,
    "suspended": OCCUPIED,
    "fault": FAULT,
    "unavailable": FAULT,
}
_PARK = {IDLE: 10, OCCUPIED: 50, CHARGING: 50}  # 10 free, 50 occupied, 0 unknown
_DC, _AC = 1, 2
_DC_GUN, _AC_PLUG = 4, 3
_SILENT_CODES = ("deaf", "falls_back")


class Station:
    """What the platform may know of one station: fed by `take(kind, message)`, read as the standard's objects.

    place: what no message holds, from the gateway's file: {"StationName", "Address", "StationLng", "StationLat", ...}.
    """

    def __init__(self, station_id: str, operator_id: str, place: dict):
        self.id, self.operator_id, self.place = station_id, operator_id, place
        self.birth, self.telemetry, self.online = None, None, False

    def take(self, kind: str, message: dict) -> None:
        """A message that was found to follow its schema."""
        if kind == "birth":
            self.birth = message
        elif kind == "telemetry":
            self.telemetry = message
        elif kind == "status":
            self.online = message["online"]

    def connectors(self) -> dict[str, str]:
        """{ConnectorID: gun id}. Empty before the birth message."""
        return {self._connector_id(gun): gun["id"] for gun in self._guns()}

    def status_info(self) -> list[dict]:
        """ConnectorStatusInfo of every connector."""
        told = {gun["id"]: gun for gun in (self.telemetry or {}).get("guns", ())}
        return [
            {"ConnectorID": connector, "Status": status, "ParkStatus": _PARK.get(status, 0), "LockStatus": 0}
            for connector, gun in self.connectors().items()
            for status in (self._status(told.get(gun)),)
        ]

    def info(self) -> dict:
        """StationInfo."""
        equipment = {}
        for gun in self._guns():
            equipment.setdefault(self._equipment_id(gun), []).append(gun)
        name = self.birth["name"]["zh"] if self.birth else self.id
        return {
            "StationID": self.id,
            "OperatorID": self.operator_id,
            "EquipmentOwnerID": self.operator_id,
            "StationName": name,
            "CountryCode": "CN",
            "StationStatus": 50 if self.online else 0,
            "EquipmentInfos": [self._equipment(each, guns) for each, guns in equipment.items()],
            **self.place,
        }

    def _equipment(self, equipment_id: str, guns: list[dict]) -> dict:
        ac = all("phases" in gun for gun in guns)
        return {
            "EquipmentID": equipment_id,
            "EquipmentModel": guns[0]["profile"],
            "EquipmentType": _AC if ac else _DC,
            "Power": max(gun["max_w"] for gun in guns) / 1000,  # kW, as the standard has it
            "ConnectorInfos": [
                {
                    "ConnectorID": self._connector_id(gun),
                    "ConnectorName": gun["id"],
                    "ConnectorType": _AC_PLUG if ac else _DC_GUN,
                    "Power": gun["max_w"] / 1000,
                }
                for gun in guns
            ],
        }

    def _guns(self) -> list[dict]:
        return [device for device in (self.birth or {}).get("devices", ()) if device["role"] == "gun"]

    def _equipment_id(self, gun: dict) -> str:
        return f"{self.id}-{gun['bus']}-{gun['unit']}"

    def _connector_id(self, gun: dict) -> str:
        return f"{self._equipment_id(gun)}-{gun.get('connector', 1)}"

    def _status(self, gun: dict | None) -> int:
        if gun is None or not self.online or gun["reason"]["code"] in _SILENT_CODES:
            return OFFLINE
        return _STATUS.get(gun["state"], OFFLINE)
