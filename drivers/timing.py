"""The latency budget of a station's buses: what each request costs its line, how busy the lines are, and how old a
reading can become before the next one is there.

Plain integer arithmetic over the very plans by which the buses run, so that the tool before commissioning and the board
agree. A board loads this at its start and forgets it (firmware/budget_watch.py).

Worst case meant here: every device answers within its assumed turnaround, and all setpoints are lowered at once, as in
a cloud front. A device that is silent costs the others a time-out on top (`silence_us`).
"""

from array import array

from drivers.agenda import _PATIENCE_INCREASE_MS, _PATIENCE_SLOW_MS
from drivers.bus import _MAX_GAP_SERIAL, _MAX_GAP_TCP
from drivers.device import Device
from drivers.modbus.client import _BROKEN_OFF_MS
from drivers.modbus.clients import RTU_TCP_TIMEOUT_MS, RTU_TIMEOUT_MS, TCP_TIMEOUT_MS, gap_us
from drivers.plan import Plan
from drivers.profiles import loading

READ, SLOW, WRITE = 0, 1, 2  # kinds of request: control reading, slow reading, setpoint
NEVER_MS = (1 << 30) - 1  # period of a setpoint that is only written when it changes

# The readings that the cycle decides by. Their age counts, whatever else their device tells.
CONTROL_READINGS = {
    "meter": ("power_w",),
    "pv": ("power_w",),
    "bms": ("soc_permille", "charge_max_w", "discharge_max_w"),
    "pcs": ("power_w",),
    "gun": ("state", "power_w"),
}
# Above this share of its time the readings of a line do not keep their periods in a cloud front.
BUSY_MAX_PERMILLE = 800
# Beyond this age control trusts the readings less or not at all (control/ladder.py, estimate.py, entitlement.py,
# storage.py; a test compares); of the meters only that of the grid connection.
TRUSTED_MS = {"meter": 600, "pv": 1000, "bms": 5000, "pcs": 1000, "gun": 1500}
# Where neither station file nor profile names one. From the end of a request to the start of its answer: devices on
# RS-485 take 30 to 100 ms, good ones stay at the lower end (notes on timing in Chinese EMS and in evcc's drivers; D for
# any one device). A round trip to a device on the same network, with the turns of our own loop (D): wireless gateways
# need more.
RTU_TURNAROUND_MS = 30
TCP_ROUND_TRIP_MS = 15
# DL/T 645-2007: an answer begins 20 to 500 ms after the request, usually early (D); our client keeps 50 ms of silence.
DLT645_TURNAROUND_MS = 100
_DLT645_GAP_US = 50000
_DLT645_READ = 0x11  # function
# Characters of a frame beside its data: 4 x FE, 68, 6 of the address, 68, C, L, 4 of the identifier, CS, 16.
_DLT645_AROUND = 20
_TIMEOUTS_MS = {"tcp": TCP_TIMEOUT_MS, "rtu_tcp": RTU_TCP_TIMEOUT_MS, "dlt645": 600}
# Of a line of which the file says nothing: behind a gateway that passes RTU frames on the slowest that is usual.
_BAUDS = {"rtu_tcp": 9600, "dlt645": 2400}
_BITS = 11  # of a character: start, 8 data, parity or second stop, stop
_MAX_STEPS = 200  # of a SunSpec walk
_MODEL_WORDS = 200


class Request:
    """One kind of request on a bus.

    device: id.   kind: READ, SLOW or WRITE.   period_ms: of a read; of a write, its refresh.   line_us: how long it
    holds the line, gaps and answer included.   pause_us: how long its own device cannot be asked afterwards.
    gateway_us: how long none behind the same gateway can.
    count: registers.   controls: it brings readings that the cycle decides by.   apart_ms: shortest time between two
    writes.   turnaround_ms: of its device that is counted in `line_us`.   is_assumed: nobody knows it, it is the usual
    one.
    """

    def __init__(self, device, kind, period_ms, line_us, pause_us, count, turnaround_ms):
        self.device, self.kind, self.period_ms = device.id, kind, period_ms
        self.line_us, self.pause_us, self.count = line_us, pause_us, count
        self.turnaround_ms, self.is_assumed = turnaround_ms, not _known_ms(device)
        self.controls, self.apart_ms, self.is_meter = False, 0, device.role == "meter"
        self.gateway_us = 1000 * device.profile.gateway_gap_ms


def requests_of(bus: dict, members: list) -> list:
    """Every kind of request on a bus. bus, members: the bus and its devices as in the station file."""
    found = []
    for params in members:
        device = Device(params, loading.load(params["profile"], params.get("profile_file")))
        plan = _plan(device, _MAX_GAP_TCP if bus["kind"] == "tcp" else _MAX_GAP_SERIAL)
        names = CONTROL_READINGS.get(device.role, ())
        for block in plan.blocks:
            found.append(_read(bus, device, block))
            found[-1].controls = any([field.point.name in names for field in block.fields])
        for block in plan.read_backs:
            found.append(_read(bus, device, block))
        for command in plan.commands:
            found.append(_write(bus, device, command))
    return found


def exchange_us(bus: dict, sent: int, answered: int, turnaround_ms: int = 0) -> int:
    """Time that a line is held by a request of `sent` bytes and an answer of `answered` bytes, both RTU frames; a TCP
    line by a round trip. turnaround_ms: of the device, 0 the usual one."""
    baud = _baud(bus)
    if baud:
        return air_us(bus, sent + answered) + 2 * gap_us(baud) + 1000 * (turnaround_ms or RTU_TURNAROUND_MS)
    return 1000 * (turnaround_ms or TCP_ROUND_TRIP_MS)


def air_us(bus: dict, characters: int) -> int:
    """Time of `characters` on the wire, each counted with 11 bits; 0 on TCP."""
    baud = _baud(bus)
    return characters * ((_BITS * 1000000 + baud - 1) // baud) if baud else 0


def silence_us(bus: dict) -> int:
    """What a request that nobody answers costs the line: the time-out, and until the line may be used again."""
    kind = bus["kind"]
    timeout_ms = bus.get("timeout_ms", _TIMEOUTS_MS.get(kind, RTU_TIMEOUT_MS))
    if kind in ("tcp", "rtu_tcp"):
        return 1000 * (timeout_ms + TCP_ROUND_TRIP_MS)
    if kind == "dlt645":
        return 1000 * (timeout_ms + _BROKEN_OFF_MS) + air_us(bus, 2 * _DLT645_AROUND + 4) + _DLT645_GAP_US
    return 1000 * (timeout_ms + _BROKEN_OFF_MS) + air_us(bus, 8 + 5 + 2 * 32) + gap_us(bus["baud"])


def _baud(bus):
    """0 for a bus that has no line."""
    return bus.get("baud", _BAUDS.get(bus["kind"], 0))


def age_ms(requests: list, mine, stall_us: int = 0) -> int:
    """Largest age of what the read `mine` brings, just before its next answer: its period, the wait for the line, the
    exchange. stall_us: a time-out that may be on the line instead of the longest request."""
    wait_us = _wait_us(requests, mine, stall_us) + (1000 * _PATIENCE_SLOW_MS if mine.kind == SLOW else 0)
    return max(mine.period_ms, _ceil_ms(_cost_us(mine, mine))) + _ceil_ms(wait_us + mine.line_us)


def device_age_ms(requests: list, device: str, stall_us: int = 0) -> int:
    """Largest age of the readings of a device by which the cycle decides; 0 when it has none."""
    oldest = 0
    for each in requests:
        if each.device == device and each.controls:
            oldest = max(oldest, age_ms(requests, each, stall_us))
    return oldest


def write_ms(requests: list, mine) -> int:
    """Longest time from a cycle's decision to the acknowledged write `mine`: the device's own pause between writes, the
    request that is on the line, the decreases of the same cycle that may go before, and a meter that has waited."""
    longest_us = before_us = 0
    for other in requests:  # the write itself too: its refresh, or the value of the cycle before
        longest_us = max(longest_us, _cost_us(other, mine))
        if other is not mine and (other.kind == WRITE or other.kind == READ and other.is_meter):
            before_us += _cost_us(other, mine)
    return mine.apart_ms + _ceil_ms(longest_us + before_us + mine.line_us)


def refresh_ms(requests: list, mine) -> int:
    """Longest time between two writes of a setpoint that does not change."""
    return mine.period_ms + _PATIENCE_INCREASE_MS + _ceil_ms(_wait_us(requests, mine, 0) + mine.line_us)


def busy_permille(requests: list, cycle_ms: int = 0) -> int:
    """Share of its time that the line is held. cycle_ms: every setpoint is written in every cycle; 0: it is refreshed
    only."""
    total = 0
    for each in requests:
        period_ms = max(cycle_ms, each.apart_ms) if cycle_ms and each.kind == WRITE else each.period_ms
        total += (each.line_us + period_ms - 1) // period_ms  # us in a ms are permille
    return total


def budget(config: dict):
    """({device id: age in ms}, {bus id: permille}): what a checked station promises itself. Devices without a control
    reading are left out."""
    ages, busy = {}, {}
    for bus in config["buses"]:
        members = [each for each in config["devices"] if each["bus"] == bus["id"]]
        requests = requests_of(bus, members)
        busy[bus["id"]] = busy_permille(requests, config["cycle_ms"])
        for params in members:
            age = device_age_ms(requests, params["id"])
            if age:
                ages[params["id"]] = age
    return ages, busy


def _wait_us(requests, mine, stall_us):
    """Longest time between the moment a request is due and its start: the line is not preempted, so the longest request
    of a lower rank may be on it; every other control reading may go first once, and so may a decrease of every
    setpoint. Where requests and pauses leave too little time the slow readings go first too, as their patience is
    always over, and the control readings twice, as one that was late is soon due again."""
    longest_us, first_us = stall_us, 0
    is_full = sum([_cost_us(each, mine) // each.period_ms for each in requests]) > BUSY_MAX_PERMILLE
    for other in requests:
        if other is not mine:
            cost_us = _cost_us(other, mine)
            if is_full and other.kind == READ:
                first_us += 2 * cost_us
            elif is_full or other.kind != SLOW:
                first_us += cost_us
            if other.kind != READ:
                longest_us = max(longest_us, cost_us)
    return longest_us + first_us


def _cost_us(other, mine):
    return other.line_us + (other.pause_us if other.device == mine.device else other.gateway_us)


def _ceil_ms(time_us):
    return (time_us + 999) // 1000


def _read(bus, device, block):
    pause_us = 1000 * device.profile.request_gap_ms
    turnaround_ms = _turnaround_ms(bus, device)
    if block.function == _DLT645_READ:
        line_us = air_us(bus, 2 * _DLT645_AROUND + block.count) + _DLT645_GAP_US + 1000 * turnaround_ms
    else:
        data = (block.count + 7) // 8 if block.function < 3 else 2 * block.count
        line_us = exchange_us(bus, 8, 5 + data, turnaround_ms)
    return Request(device, SLOW if block.slow else READ, block.period_ms, line_us, pause_us, block.count, turnaround_ms)


def _write(bus, device, command):
    """A setpoint that takes a sequence of writes counts as one request of their length together."""
    profile = device.profile
    turnaround_ms = _turnaround_ms(bus, device)
    pause_us = 1000 * max(profile.request_gap_ms, profile.post_write_settle_ms)
    writes = [(step.function, step.words) for step in command.output.steps]
    if not writes:
        writes = [(command.function, command.fill(array("H", bytearray(64))))]
    line_us = pause_us * (len(writes) - 1)
    for function, words in writes:
        line_us += exchange_us(bus, 8 if function < 15 else 9 + 2 * words, 8, turnaround_ms)
    period_ms = max(profile.write_gap_ms, command.refresh_ms) if command.output.refresh else NEVER_MS
    count = sum([words for _, words in writes])
    made = Request(device, WRITE, period_ms, line_us, pause_us, count, turnaround_ms)
    made.apart_ms = profile.write_gap_ms
    return made


def _turnaround_ms(bus, device):
    """Of the station file or the profile where it is known, else the usual one."""
    usual_ms = {"tcp": TCP_ROUND_TRIP_MS, "dlt645": DLT645_TURNAROUND_MS}
    return _known_ms(device) or usual_ms.get(bus["kind"], RTU_TURNAROUND_MS)


def _known_ms(device):
    """0 when nobody knows it. What was measured on this line goes before what the profile says of all its kind."""
    return device.params.get("answer_ms") or device.profile.turnaround_ms


def _plan(device, max_gap):
    """The plan of a device as it is once the device is known: a SunSpec device is taken to have the models that its
    profile wants, of two that bring the same readings the later one."""
    plan = Plan(device, max_gap)
    models = _models(device.profile)
    registers = {40000: 0x5375, 40001: 0x6E53}  # "SunS"
    at = 40002
    for model in models:
        registers[at], registers[at + 1] = model, _MODEL_WORDS
        at += 2 + _MODEL_WORDS
    registers[at] = 0xFFFF
    for _ in range(_MAX_STEPS):
        step = plan.step() if models and not plan.blocks else None
        if step is None:
            break
        data = bytearray(2 * step.count)
        for i in range(step.count):
            word = registers.get(step.register + i, 0)
            data[2 * i], data[2 * i + 1] = word >> 8, word & 0xFF
        step.replied(data, 0, 0, 0)
    return plan


def _models(profile):
    kept = []
    for model in profile.models:
        names = [point.name for point in profile.points if point.model == model]
        later = [p.name for p in profile.points if p.model in profile.models[len(kept) + 1 :]]
        kept.append(None if names and all([name in later for name in names]) else model)
    # (203, 2) is the second model 203: the first must be there too.
    chain = []
    for model in kept:
        if model is not None:
            chain += [model[0]] * model[1] if isinstance(model, tuple) else [model]
    return chain
