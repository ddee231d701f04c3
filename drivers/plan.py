"""The jobs of one device: what is done at its start, what is read how often, what is written."""


class Plan:
    """blocks: reads by period; commands: one per setpoint; read_backs: of the commands that can be read; steps: what
    must be done, in this order, before anything else; start: brings the device into operation, None where it needs
    nothing. max_gap: unneeded registers that are read along to save a request. shared: {} for devices that may be of
    the same kind: what is the same for two of them is then there once."""

    walk = None
    start = None
    blocks: tuple = ()
    commands: tuple = ()
    read_backs: tuple = ()
    steps: tuple = ()

    def __init__(self, device, max_gap: int, shared=None):
        self.device = device
        self._stage = 0
        if device.profile.models:
            from drivers import sunspec

            self.walk = sunspec.Walk(device)
            self._max_gap = max_gap
        else:
            self._make(None, max_gap, shared)
        self.restart()

    def restart(self):
        """The device is new, or may have restarted: do all the steps again."""
        self._stage = 0
        if self.walk is not None:
            self.steps = (self.walk,)
        for step in self.steps:
            step.restart()
        for command in self.commands:
            if command.output.steps:
                command.restarted()

    def step(self):
        """The step that is to be done next, None when all are."""
        while self._stage < len(self.steps):
            step = self.steps[self._stage]
            if not step.done:
                return step
            self._stage += 1
            if step is self.walk:
                self._walked()
        return None

    @property
    def may_write(self) -> bool:
        """The setpoints have been read back, as far as they can be."""
        if self.walk is not None and not self.walk.done:
            return False
        for step in self.read_backs:
            if not step.done:
                return False
        return True

    def adopt(self, bases: dict):
        """Take the models that another walk through the same device has found."""
        self.walk.bases = bases
        self._walked()

    def _walked(self):
        bases = self.walk.bases
        surveys = tuple(self.device.profile.surveys(self.device, bases))
        self._make(bases, self._max_gap, None)
        self.steps = (self.walk,) + surveys + self.steps
        self._stage = 1

    def _make(self, bases, max_gap, shared):
        from drivers import planner  # forgotten once the station stands; a SunSpec device brings it back

        planner.make(self, bases, max_gap, {} if shared is None else shared)
