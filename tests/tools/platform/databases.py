"""Real databases for tests: a SQLite file, and a PostgreSQL server of the test's own on a socket in its folder."""

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"


def find_postgresql() -> Path | None:
    """The folder with `initdb` and `postgres`, which Debian keeps off PATH; None where there is none."""
    on_path = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(on_path).parent if on_path else found[-1].parent if found else None


@contextmanager
def postgresql(programs: Path, folder: Path):
    """Runs a server without a network port; gives its URL. As root it runs under another user: it refuses root."""
    as_user = {"user": USER, "group": USER} if os.geteuid() == 0 else {}
    if as_user:
        shutil.chown(folder, USER, USER)
        for parent in folder.parents:  # pytest makes its folders for the user alone
            if str(parent) != "/" and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
    data = folder / "data"
    run = {"check": True, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **as_user}
    subprocess.run([programs / "initdb", "-D", data, "-U", USER, "-A", "trust", "--no-sync"], timeout=60, **run)
    options = f"-c listen_addresses= -c fsync=off -c unix_socket_directories={folder}"
    control = [programs / "pg_ctl", "-D", data, "-w", "-s"]
    subprocess.run([*control, "-o", options, "-l", folder / "log", "start"], timeout=60, **run)
    try:
        yield f"postgresql+psycopg://{USER}@/postgres?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], timeout=60, **run)
