"""What a profile file says about a device family. Profiles are subclasses with other values; one instance serves all
devices."""


class Profile:
    """role: "meter", "pv", "bms", "pcs" or "gun".
    grade: evidence of the register map. A = official machine-readable source, or two independent drivers agree; B = one
    maintained driver used on real hardware; C = one field repository only; D = from general knowledge, verify before
    use.
    source: who says so.   needs: device parameters that the station file must give.
    """

    name = ""
    role = ""
    grade = "D"
    source = ""
    needs = ()
    points = ()
    outputs = ()
    # Limit in W that pauses a gun without ending the session; a real 0 is kept for an emergency stop.
    standby_w = 0
    control_poll_ms = 200
    slow_poll_ms = 2000
    lost_after_ms = 2000
    # Registers that one read may have (some devices refuse more), and the idle time that a device needs between two
    # requests.
    max_read = 120
    request_gap_ms = 0
    # Reads that the device insists on: ((function, register, count), ...). Points are found within them; none: merged
    # freely.
    fixed_reads = ()
    # The SunSpec models wanted, where the device must be walked first; every point and output then has a model.
    models = ()

    def base(self, params: dict) -> int:
        """What is added to each register of points, outputs and arms; depends on e.g. the connector."""
        return 0

    def arms(self, params: dict):
        """Watchdog and fall-back registers to set at the start: ((function, register, value, read_function), ...)."""
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
