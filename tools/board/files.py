"""The file system of an emulated Pico W as an image: littlefs as MicroPython 1.27 formats it on this board."""

import copy

from littlefs import LittleFS

from firmware import config as station_file

_GEOMETRY = {
    "block_size": 4096,
    "block_count": 212,
    "prog_size": 256,
    "read_size": 32,
    "lookahead_size": 32,
    "disk_version": 0x20001,
}


def image(files: dict) -> bytes:
    """A volume with these files: {path: bytes}. Folders are made as needed; littlefs's error when it is full."""
    volume = LittleFS(**_GEOMETRY)
    for path, content in files.items():
        folder, _, _ = path.rpartition("/")
        if folder:
            volume.makedirs(folder, exist_ok=True)
        with volume.open(path, "wb") as file:
            file.write(content)
    return bytes(volume.context.buffer)


def contents(volume_image: bytes) -> dict:
    """{path: bytes} of all files in a volume. littlefs's error when it is not one."""
    volume = LittleFS(**_GEOMETRY, mount=False)
    volume.context.buffer[:] = volume_image[: len(volume.context.buffer)]
    volume.mount()
    found = {}
    for folder, _, names in volume.walk("/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            with volume.open(path, "rb") as file:
                found[path.lstrip("/")] = file.read()
    return found


def checked(station: dict) -> dict:
    """A station file as the firmware uses it, defaults filled in. ConfigError when it is refused."""
    problems = station_file.check(station)
    if problems:
        raise station_file.ConfigError(problems)
    return station_file.completed(copy.deepcopy(station))
