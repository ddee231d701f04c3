"""What is built for a board, and that it is the same each time."""

import json
import subprocess

import pytest

from firmware import config as station_file
from tests.micropython_collector import REPOSITORY, find_micropython, not_run
from tools import firmware, firmware_image
from tools.firmware_image import build, mpy_problem, sha256
from tools.firmware_modules import BuildError

STATION = str(REPOSITORY / "tools" / "stations" / "no_storage.json")


@pytest.fixture(scope="module")
def image():
    return build("unix", station_file.load(STATION))


def test_a_stations_image_has_its_profiles_its_board_and_the_texts(image):
    assert {"drivers/profiles/acrel_dtsd1352.mpy", "boards/unix/board.mpy", "firmware/texts.tsv"} <= set(image.files)
    assert "drivers/profiles/cn_pile_v2.mpy" not in image.files and "boards/pin_uart.mpy" not in image.files
    assert list(image.files)[-1] == "main.py" and not [path for path in image.files if path.endswith("__init__.mpy")]


def test_the_same_sources_give_the_same_bytes(image, tmp_path):
    again = build("unix", station_file.load(STATION), cache=tmp_path / "nothing kept")
    assert again.files == image.files and again.build_id == image.build_id


def test_one_byte_more_is_another_build(image):
    other = firmware_image.Image(image.facts, image.station_id, image.files | {"main.py": b"\n"}, image.modules)
    assert other.build_id != image.build_id


def test_the_written_image_is_what_the_manifest_says_and_nothing_else(image, tmp_path):
    firmware_image.Image(image.facts, None, {"old.mpy": b"old"}, {}).write(tmp_path)
    image.write(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["build"] == image.build_id and manifest["board"] == "unix" and manifest["mpy_version"] == 6
    on_disk = {path.relative_to(tmp_path / "flash").as_posix(): sha256(path.read_bytes())
               for path in (tmp_path / "flash").rglob("*") if path.is_file()}
    assert on_disk == {entry["path"]: entry["sha256"] for entry in manifest["files"]}


def test_the_image_runs_on_micropython_without_the_sources(image, tmp_path):
    program = find_micropython() or not_run("micropython is not installed")
    image.write(tmp_path)
    code = "import sys\nsys.path[:] = ['', '.frozen']\nfrom firmware import config\n" \
           f"print(config.load({STATION!r})['station']['id'])\nfor name in {sorted(image.modules)!r}:\n" \
           "    assert __import__(name, None, None, ('x',)).__file__ == name.replace('.', '/') + '.mpy', name\n"
    command = [program, "-X", "heapsize=1000wK", "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path / "flash", timeout=60)
    assert (result.stdout, result.stderr) == ("GC-PLAIN-01\n", "")


def test_short_names_are_told_beside_the_image_and_own_names_are_kept_on_demand(image, tmp_path):
    image.write(tmp_path)
    told = json.loads((tmp_path / "names.json").read_text())["names"]
    assert "Supervisor" in "|".join(told.values()).split("|")
    assert b"start_tasks" not in image.files["firmware/linked.mpy"]
    own = build("unix", station_file.load(STATION), own_names=True)
    assert b"start_tasks" in own.files["firmware/supervisor.mpy"] and not own.names
    assert sum(map(len, image.files.values())) < sum(map(len, own.files.values()))


def test_a_module_says_its_dotted_name_and_no_path_of_this_machine(image):
    for name, path in image.modules.items():
        assert name.encode() in image.files[path] and str(REPOSITORY).encode() not in image.files[path]


def test_a_station_for_another_board_is_refused():
    with pytest.raises(BuildError, match="BOARD=rpi_pico_w"):
        build("rpi_pico_w", station_file.load(STATION))


def test_an_mpy_for_another_version_or_chip_is_seen(image):
    data = image.files["firmware/main.mpy"]
    assert mpy_problem(data, "x64") is None
    assert "5" in mpy_problem(b"M\x05" + data[2:], "x64")
    armv6m = firmware_image.ARCHITECTURES.index("armv6m") << 2
    assert "armv6m" in mpy_problem(b"M\x06" + bytes([armv6m]) + data[3:], "x64")
    assert mpy_problem(b"", "x64") and mpy_problem(b"import os", "x64")


def test_the_architecture_numbers_are_those_of_the_running_interpreter():
    program = find_micropython() or not_run("micropython is not installed")
    code = "import sys\nprint(sys.implementation._mpy)"
    mpy = int(subprocess.run([program, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert firmware_image.ARCHITECTURES[mpy >> 10] == "x64"
    assert (mpy & 0xFF, mpy >> 8 & 3) == (firmware_image.MPY_VERSION, firmware_image.MPY_SUB_VERSION)


def test_a_module_that_does_not_compile_is_named_and_not_kept(tmp_path):
    for _ in range(2):
        with pytest.raises(BuildError, match="(?s)^firmware.broken: .*line 1.*SyntaxError"):
            firmware_image.compiled("def f(:\n", "firmware.broken", "armv6m", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_another_source_name_or_chip_is_compiled_anew(tmp_path):
    asked = [("A = 1\n", "a", "x64"), ("A = 2\n", "a", "x64"), ("A = 1\n", "b", "x64")]
    found = {firmware_image.compiled(*each, tmp_path) for each in asked * 2}
    assert len(found) == 3 == len(list(tmp_path.iterdir()))
    native = "import micropython\n@micropython.viper\ndef f(x: int) -> int:\n    return x\n"
    assert firmware_image.compiled(native, "a", "armv6m", tmp_path) != \
        firmware_image.compiled(native, "a", "xtensawin", tmp_path)


def test_every_board_that_a_station_file_may_name_can_be_built():
    for path in REPOSITORY.glob("boards/*/board.py"):
        facts = firmware_image.board_facts(path.parent.name)
        assert facts.architecture in firmware_image.ARCHITECTURES and facts.oldest >= (1, 27, 0)
        assert facts.flash_bytes is None or facts.flash_bytes % 4096 == 0


def test_the_command_writes_the_image_and_reports_its_size(tmp_path, capsys):
    assert firmware.main(["--board", "unix", "--station", STATION, "--out", str(tmp_path), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    size = sum(path.stat().st_size for path in (tmp_path / "flash").rglob("*") if path.is_file())
    assert f"flash {size} B" in said and "firmware.mqtt" in said


def test_the_command_refuses_what_cannot_be_built(tmp_path, capsys):
    assert firmware.main(["--board", "nope"]) == 1
    assert "found nope; 允许 / allowed: esp32_generic, rpi_pico_w, unix" in capsys.readouterr().err
    (tmp_path / "station.json").write_text("{")
    assert firmware.main(["--board", "unix", "--station", str(tmp_path / "station.json")]) == 2
    assert firmware.main(["--board", "unix", "--ram"]) == 1


def test_a_station_of_few_guns_gets_bytecode_and_one_of_many_machine_code():
    station = station_file.load(STATION)
    guns = [device for device in station["devices"] if device["role"] == "gun"]
    assert 0 < len(guns) <= 12
    more = [{**guns[0], "id": f"more{number}"} for number in range(13 - len(guns))]
    large = build("unix", {**station, "devices": station["devices"] + more}, is_linked=False)
    image = build("unix", station, is_linked=False)
    for module in ("control/sharing.mpy", "control/entitlement.mpy"):
        assert len(image.files[module]) * 2 < len(large.files[module])
    assert image.files["control/turns.mpy"] == large.files["control/turns.mpy"]
