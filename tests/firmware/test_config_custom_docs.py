"""docs/custom-profile.md names every key of a custom profile with its default, and nothing else."""

import re

import pytest

from firmware import config_custom_schema as schema
from firmware.config_schema import OPTIONAL, REQUIRED
from tests.micropython_collector import REPOSITORY

TEXT = (REPOSITORY / "docs/custom-profile.md").read_text(encoding="utf-8")
TABLES = {"## The file": schema.PROFILE, "## Points": schema.POINT, "## Outputs": schema.OUTPUT}


@pytest.mark.parametrize("heading", TABLES)
def test_a_table_shows_every_key(heading):
    table = re.search("^" + heading + r".*?\n((?:\|[^\n]*\n)+)", TEXT, re.M | re.S)[1]
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines()[2:]]
    shown = {key: row for row in rows for key in re.findall("`([a-z0-9_]+)`", row[0])}
    assert list(shown) == [row[0] for row in TABLES[heading]]
    for key, kind, default, permitted, _ in TABLES[heading]:
        row = shown[key]
        assert ("required" in row[2]) == (default is REQUIRED), key
        if default not in (REQUIRED, OPTIONAL) and kind in ("int", "choice"):
            assert str(default) in row[2], key
        if kind == "int" and key not in ("smallest", "offset", "mask", "num", "den"):
            assert f"{permitted[0]}..{permitted[1]}" in row[1], key


def test_every_key_of_the_smaller_objects_is_named():
    ending = TEXT[TEXT.index("A step has"):]
    for rows in (schema.STEP, schema.ARM, schema.FIXED_READ):
        assert all(f"`{row[0]}`" in ending for row in rows), rows


def test_every_type_and_parameter_is_named():
    for name in schema.PARAMETERS:
        assert f"`{name}`" in TEXT
    for name in schema.TYPES:
        assert f"`{name}`" in TEXT or name.endswith("_lw") and f"`{name[:-3]}`" in TEXT
