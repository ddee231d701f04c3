"""A whole station (tools/run_rig.py) whose controller joins a broker that is there already."""

import asyncio

from tools.run_mqtt import Subscriber
from tools.run_processes import ProcessError
from tools.run_rig import HOST, Rig


class JoinedRig(Rig):
    """port: the broker's, for the controller. listen_port: where a subscriber of the run listens, None for none."""

    def __init__(self, station, world, figures, port, listen_port=None):
        super().__init__(station, world, figures)
        self._port, self._listen_port = port, listen_port

    async def start(self):
        """Everything but the controller. Raises ProcessError or OSError naming the part that did not start."""
        await self.simulated.start()
        if self._listen_port is not None:
            station_id = self.station["station"]["id"]
            self.subscriber = Subscriber(HOST, self._listen_port, "bench", "", station_id)
            self.subscriber.start()
            if not await asyncio.to_thread(self.subscriber.wait_connected, 10.0):
                raise ProcessError("MQTT 代理拒绝连接", "the MQTT broker takes no connection")
        self._contacts_task = asyncio.create_task(self.contacts.run())
        self._write_flash()
