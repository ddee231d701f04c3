"""The command `config`: what may be changed while the station runs, kept over a restart. Loaded when one comes."""

from firmware.command_types import Outcome, is_int_in, refusal, shown

TELEMETRY_MS = (200, 60000)  # as in the station file (firmware/config_schema.py)


def outcome(commands, who, command, common, now_ms) -> Outcome:
    """`telemetry_ms`: period of the telemetry; null: that of the station file."""
    for name in command:
        if name not in common and name != "telemetry_ms":
            return refusal("not_supported", (shown("config " + name), "config telemetry_ms"))
    period_ms, (least_ms, most_ms) = command.get("telemetry_ms", 0), TELEMETRY_MS
    if period_ms is not None and not is_int_in(period_ms, least_ms, most_ms):
        return refusal("bad_field", ("telemetry_ms", shown(period_ms), "%d..%d ms, null" % (least_ms, most_ms)))
    if commands.clock.now_s(now_ms) is None:
        return refusal("clock_unknown", ())

    def effect():
        commands.telemetry_ms = period_ms

    kept = {"settings": {"telemetry_ms": period_ms}}
    return Outcome("accepted", "setting_kept", ("telemetry_ms", "-" if period_ms is None else period_ms), effect, kept)
