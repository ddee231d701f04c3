"""Why a reading is ABSENT, for people: by `WHY_*` of `drivers.reading`. Loaded only where somebody looks."""

WHY_ZH = ("", "尚未读到", "设备未实现该点", "数值超出合理范围", "未知的状态码", "设备拒绝读取", "设备长时间无应答")
WHY_EN = (
    "",
    "not read yet",
    "the device does not implement it",
    "outside the plausible range",
    "unknown state code",
    "the device refuses the read",
    "the device has been silent for long",
)
