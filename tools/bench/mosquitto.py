"""mosquitto as a process of its own: a plain listener and several with TLS, on free ports of 127.0.0.1."""

import shutil
import socket
import subprocess
import time


def find():
    """Debian has it in a folder that is not on everybody's PATH."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


class Mosquitto:
    """`ports`: {listener: port}. "plain", and one for each of `tls`: {listener: (certificate, wants ours)}. more: lines
    of its configuration."""

    def __init__(self, program, folder, tls=(), more=()):
        names = ["plain", *tls]
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        # "user root": started by root it would become a user who may not read a test's folder
        lines = ["user root", "allow_anonymous true", "max_queued_messages 100000", *more]
        for name, port in self.ports.items():
            lines.append(f"listener {port} 127.0.0.1")
            if name != "plain":
                certificate, wants_ours = tls[name]
                lines += [f"certfile {folder / certificate}.pem", f"keyfile {folder / certificate}.key"]
                if wants_ours:
                    lines += [f"cafile {folder / 'ca.pem'}", "require_certificate true"]
        configuration = folder / "mosquitto.conf"
        configuration.write_text("\n".join(lines) + "\n")
        self.log = open(folder / "mosquitto.log", "w")
        self.process = subprocess.Popen([program, "-c", str(configuration)], stdout=self.log, stderr=self.log)
        end_s = time.monotonic() + 15
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > end_s:
                self.end()
                raise RuntimeError((folder / "mosquitto.log").read_text())
            time.sleep(0.02)

    def _listens(self):
        try:
            for port in self.ports.values():
                socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    def end(self):
        self.process.kill()
        self.process.wait(10)
        self.log.close()


def free_ports(count):
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in listeners]
    for each in listeners:
        each.close()
    return ports
