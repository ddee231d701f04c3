"""The processes of a run: each is a child of ours in its own session, known by its pid, and gone when the run is
over.
"""

import asyncio
import ctypes
import json
import os
import shutil
import signal
import sys
from pathlib import Path

from tools.compiled import compiled

ROOT = Path(__file__).resolve().parent.parent
HEAP = "190wK"  # the heap of a board, in words as the unix port counts it
END_WAIT_S = 3.0


class ProcessError(RuntimeError):
    """A process of the run did not start, or ended by itself. `zh`, `en`."""

    def __init__(self, zh, en):
        self.zh, self.en = zh, en
        super().__init__(f"{zh} / {en}")


def _die_with_parent():
    """In the child: if we are killed without a chance to clean up, the kernel ends it too (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Child:
    """One child process. Its standard output is read line by line into `lines` (the last 200), or goes to the
    terminal.
    """

    def __init__(self, name, command, env=None, cwd=None, to_terminal=False):
        self.name, self.command = name, [str(part) for part in command]
        self.env, self.cwd, self.to_terminal = {**os.environ, **(env or {})}, cwd, to_terminal
        self.process, self.lines = None, []
        self._reader, self._news = None, asyncio.Event()

    @property
    def pid(self):
        return self.process.pid if self.process else None

    @property
    def running(self):
        return self.process is not None and self.process.returncode is None

    async def start(self):
        pipe = None if self.to_terminal else asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=None if self.to_terminal else asyncio.subprocess.STDOUT,
            env=self.env,
            cwd=self.cwd,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        if pipe:
            self._reader = asyncio.create_task(self._read())

    async def _read(self):
        while line := await self.process.stdout.readline():
            self.lines.append(line.decode(errors="replace").rstrip())
            del self.lines[:-200]
            self._news.set()
        self._news.set()

    async def json_line(self, timeout_s=15.0):
        """The first line of its output that is a JSON object. Raises ProcessError when it ends or says nothing in
        time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    for line in self.lines:
                        if line.startswith("{"):
                            return json.loads(line)
                    if self._reader.done():
                        break
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass
        said = " | ".join(self.lines[-5:])
        raise ProcessError(f"{self.name} 没有就绪: {said}", f"{self.name} did not get ready: {said}")

    async def kill(self):
        """SIGKILL, and reaped."""
        await self._end(signal.SIGKILL)

    async def stop(self):
        """SIGTERM, SIGKILL if that is not enough, and reaped."""
        await self._end(signal.SIGTERM)

    async def _end(self, first_signal):
        if self.process is None:
            return
        if self.running:
            self.process.send_signal(first_signal)
            try:
                await asyncio.wait_for(self.process.wait(), END_WAIT_S)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        if self._reader:
            await asyncio.wait([self._reader], timeout=1.0)
            self._reader.cancel()


class Children:
    """All children of a run. `left()` after `stop_all()` names the ones still alive: it must be empty."""

    def __init__(self):
        self.all = []

    async def start(self, child):
        self.all.append(child)
        await child.start()
        return child

    async def stop_all(self):
        await asyncio.gather(*(child.stop() for child in reversed(self.all)))

    def left(self):
        return [f"{child.name} ({child.pid})" for child in self.all if child.pid is not None and _alive(child)]


def _alive(child):
    if child.running:
        return True
    try:
        os.killpg(child.pid, 0)  # its session: grandchildren too
    except (ProcessLookupError, PermissionError):
        return False
    return True


def micropython():
    """Path of the MicroPython unix port of this environment. Raises ProcessError when there is none."""
    beside = Path(sys.executable).parent / "micropython"
    found = str(beside) if beside.exists() else shutil.which("micropython")
    if not found:
        raise ProcessError(
            "没有找到 micropython，请运行 make", "no micropython found; run make to build the environment"
        )
    return found


def micropython_child(name, arguments, cwd):
    """A MicroPython process with a board-sized heap that imports this repository's firmware as a board has it."""
    env = {"MICROPYPATH": f"{compiled()}:.frozen"}
    return Child(name, [micropython(), "-X", f"heapsize={HEAP}", *arguments], env=env, cwd=cwd)


def python_child(name, module, *arguments, env=None, to_terminal=False):
    env = {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), **(env or {})}
    return Child(name, [sys.executable, "-m", module, *arguments], env=env, cwd=ROOT, to_terminal=to_terminal)
