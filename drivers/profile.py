"""What a profile file says about a device family. Profiles are subclasses with other values; one instance serves all
devices."""


class Profile:
    """role: "meter", "pv", "bms", "pcs", "gun" or "cabinet".   extra: readings beyond those of the role.
    beta: the map has not been seen on a real device of ours and comes from one source.
    grade: evidence of the register map. A = official machine-readable source, or two independent drivers agree; B = one
    maintained driver used on real hardware; C = one field repository only; D = from general knowledge, verify before
    use.
    source: who says so.   needs: device parameters that the station file must give.
    """

    name = ""
    role = ""
    extra: tuple = ()
    beta = False
    grade = "D"
    source = ""
    needs: tuple = ()
    points: tuple = ()
    outputs: tuple = ()
    # Limit in W that pauses a gun without ending the session; a real 0 is kept for an emergency stop.
    standby_w = 0
    control_poll_ms = 200
    slow_poll_ms = 2000
    lost_after_ms = 2000
    # Registers and bits that one read may have (some devices refuse more).
    max_read = 120
    max_bits = 512
    even_reads = False  # first register and count must be even
    single_reads = False  # each point in a read of its own
    # Reads that the device insists on: ((function, register, count), ...), a fourth element True for a slow one. Points
    # are found within them; none: merged freely.
    fixed_reads: tuple = ()
    # What the device needs between two requests; between opening the line and the first; after a write before the next
    # request; between two writes of one setpoint; and the shortest period of its control readings.
    request_gap_ms = 0
    gateway_gap_ms = 0  # between any two requests on the connection, whichever unit they are for
    turnaround_ms = 0  # from request to answer where it is known; 0: the usual one (drivers/timing.py)
    connect_delay_ms = 0
    post_write_settle_ms = 0
    write_gap_ms = 0
    min_poll_ms = 0
    may_discharge = False  # a gun that can give the vehicle's energy back
    # (shortest, longest) watchdog that the device has, in seconds; None: it keeps its last limit for ever.
    watchdog_range_s: "tuple | None" = (1, 3600)
    # The SunSpec models wanted, where the device must be walked first; every point, output and arm then has a model.
    models: tuple = ()

    def base(self, params: dict) -> int:
        """What is added to each register of points, outputs and arms; depends on e.g. the connector."""
        return 0

    def output_base(self, params: dict) -> int:
        """What is added to the registers of outputs, where it is not the same as for points and arms."""
        return self.base(params)

    def arms(self, params: dict):
        """Watchdog and fall-back registers to set at the start: ((function, register, value, read_function), ...), with
        the model as a fifth element where the device is walked."""
        return ()

    def surveys(self, device, bases: dict):
        """Jobs to be done after the walk, before everything else. bases: {model: register of its ID}."""
        return ()

    def refresh_ms(self, params: dict) -> int:
        """How often a setpoint is written again although it has not changed: a third of the device's watchdog, else 10
        s."""
        watchdog_s = params.get("watchdog_s")
        return 10000 if not watchdog_s else watchdog_s * 1000 // 3

    def start(self, device):
        """A function 6 write (register, value) that brings the device into operation before its first setpoint, or
        None."""
        return None
