"""docs/station-file.md says what the check does: every key with its range, unit and default, and nothing else."""

import re

import pytest

from firmware import config_schema as schema
from tests.micropython_collector import REPOSITORY

TEXT = (REPOSITORY / "docs/station-file.md").read_text(encoding="utf-8")
SECTIONS = {row[0]: row[3] for row in schema.ROWS if row[1] == "object"}
RTU, TCP = schema.rows_of_bus({"kind": "rtu"}), schema.rows_of_bus({"kind": "tcp"})
COMMON = schema.rows_of_device({"role": "bms"})


def own(rows, common):
    return [row for row in rows if row not in common]


# Heading or sentence before a table -> the rows that the table must show.
TABLES = {
    "## The file": schema.ROWS,
    "### `station`": SECTIONS["station"],
    "### `base_load`": SECTIONS["base_load"],
    "### `circuits`": {row[0]: row for row in schema.ROWS}["circuits"][3][0],
    "### `buses`": [row for row in RTU if row in TCP],
    'With `"kind": "rtu"`': own(RTU, TCP),
    'With `"kind": "dlt645"`': own(schema.rows_of_bus({"kind": "dlt645"}), TCP),
    'With `"kind": "tcp"` or `"rtu_tcp"`': own(TCP, RTU),
    'With `"kind": "rtu_tcp"` besides:': own(schema.rows_of_bus({"kind": "rtu_tcp"}), TCP),
    "For every device:": COMMON,
    "Role `meter`": own(schema.rows_of_device({"role": "meter"}), COMMON),
    "Role `pv`": own(schema.rows_of_device({"role": "pv"}), COMMON),
    "Role `pcs`": own(schema.rows_of_device({"role": "pcs"}), COMMON),
    "Role `gun`": own(schema.rows_of_device({"role": "gun"}), COMMON),
    "### `storage`": SECTIONS["storage"],
    "### `class_weights`": SECTIONS["class_weights"],
    "### `inputs`": SECTIONS["inputs"],
    "`emergency_stop`:": {row[0]: row for row in SECTIONS["inputs"]}["emergency_stop"][3],
    "`reset`:": {row[0]: row for row in SECTIONS["inputs"]}["reset"][3],
    "### `mqtt`": SECTIONS["mqtt"],
    "`tls`:": {row[0]: row for row in SECTIONS["mqtt"]}["tls"][3],
    "`uart`:": {row[0]: row for row in SECTIONS["mqtt"]}["uart"][3],
}


def allowed(kind, permitted):
    if kind in ("int", "int_null"):
        return f"{permitted[0]}..{permitted[1]}" + (" or null" if kind == "int_null" else "")
    if kind == "choice":
        return ", ".join(f"`{each}`" for each in permitted)
    if kind == "text":
        return f"{permitted[0]}..{permitted[1]} characters"
    if kind == "list":
        return f"list of {permitted[1]}..{permitted[2]}"
    return {"name": "a name", "name_null": "a name or null", "host": "host name or IPv4", "bool": "true, false",
            "object": "object", "profile": "a name, or `custom:` and a name"}[kind]


def default(value):
    if value is schema.REQUIRED:
        return "required"
    if value is schema.OPTIONAL:
        return "absent"
    return "all defaults" if value == {} else str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("place", TABLES)
def test_a_table_shows_every_key_with_range_unit_and_default(place):
    assert len(re.findall("^" + re.escape(place), TEXT, re.M)) == 1, place
    table = re.search("^" + re.escape(place) + r".*?\n((?:\|[^\n]*\n)+)", TEXT, re.M | re.S)[1]
    shown = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines()[2:]]
    assert [row[:4] for row in shown] == [[f"`{key}`", allowed(kind, permitted), unit, default(value)]
                                          for key, kind, value, permitted, unit in TABLES[place]]
    assert all(len(row) == 5 and len(row[4]) > 8 for row in shown)


def test_the_bounds_in_the_sentences_are_those_of_the_check():
    from firmware import config_profiles as profiles

    assert f"at most {schema.MAX_FILE_BYTES} bytes" in TEXT
    assert f"CT times PT at most {schema.MAX_CT_PT}" in TEXT
    assert f"absent: {schema.RAMP_SLOW_W_S[0]} for class `slow`, else {schema.RAMP_W_S[0]}" in TEXT
    assert f"absent: {schema.RAMP_SLOW_W_S[1]} for class `slow`, else {schema.RAMP_W_S[1]}" in TEXT
    for name in ("foxess_evc", "heidelberg_ec"):
        shortest, longest = profiles.watchdog_s(name)
        assert re.search(f"`{name}`( takes)? {shortest}\\.\\.{longest}", TEXT), name


def test_the_refusal_shown_is_the_one_that_comes():
    import json

    from firmware import config

    station = json.loads((REPOSITORY / "tools/stations/demo.json").read_text())
    station["devices"][4]["circuit"] = "dc-hal"
    for language in ("zh", "en"):
        assert config.check(station)[0].text(language) in TEXT
