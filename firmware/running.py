"""What a running station is made of, for those who only look at it or stop it: the console, the safe stop."""


class Running:
    """Filled once by firmware/app.py. station: control.station.Station; devices: {id: Device}; the rest as named."""

    def __init__(self, supervisor, station, devices, buses, cycle, limits, stop, alarms, gate):
        self.supervisor, self.station, self.devices, self.buses = supervisor, station, devices, buses
        self.cycle, self.limits, self.stop, self.alarms = cycle, limits, stop, alarms
        self.gate = gate
        self.title = ""
        self.is_to_start_anew = False  # once the program has ended (firmware/main.py)
