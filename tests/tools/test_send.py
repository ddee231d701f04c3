"""The command line of `tools.send`: every form it offers is one that the interface knows, and a wrong one is told."""

import json
from pathlib import Path

import jsonschema
import pytest

from firmware import command_table
from tools import send
from tools.platform import command_fields, signing

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "mqtt" / "command.schema.json"
VALUES = {"circuit": "grid", "limit_w": 5000, "expires_s": 60, "gun": "gun1", "storage_w": -5000, "asked": "1-1"}
VALUES |= {"telemetry_ms": 2000}
FORMS = [(kind, form) for kind, forms in command_fields.FORMS.items() for form in forms]


def signed(kind, authority, fields):
    body = signing.command("GC-T", kind, authority, fields, 60)
    return json.loads(signing.sign("guangchu/v1/GC-T/command", body, b"k" * 32))


@pytest.mark.parametrize(("kind", "form"), FORMS)
def test_every_form_of_the_help_satisfies_the_schema_and_the_rights_of_the_firmware(kind, form):
    wanted, fixed, authorities, zh, en = form
    fields = {name: VALUES[name] for name in wanted} | fixed
    command_fields.check(kind, fields)
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [error.message for error in schema.iter_errors(signed(kind, authorities[0], fields))] == []
    assert tuple(command_table.rights(kind)) == authorities and zh != en


def test_every_signed_type_that_stations_carry_out_has_a_form():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    types = {each["properties"]["type"]["const"] for each in schema["oneOf"] if "mac" in each["properties"]}
    assert set(command_fields.FORMS) == types


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (["gun", "gun=gun1"], "gun action=stop gun=... expires_s=..."),
        (["gun", "gun=gun1", "action=stop"], "expires_s=..."),
        (["gun", "gun=gun1", "action=open", "expires_s=5"], "action=start"),
        (["dispatch", "storage_w=null", "expires_s=5"], "dispatch storage_w=null"),
        (["maintenance", "action=restart", "gun=gun1"], "maintenance action=restart"),
        (["config", "cap_w=5"], "config telemetry_ms=..."),
    ],
)
def test_a_wrong_call_is_told_with_what_is_allowed_and_nothing_is_sent(words, missing, tmp_path, capsys):
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"authorities": {name: "aa" * 32 for name in signing.AUTHORITIES}}))
    assert send.main(["GC-T", *words, "--keys", str(keys), "--port", "1"]) == send.WRONG_CALL
    said = capsys.readouterr().err
    assert missing in said and "允许" in said and "allowed" in said


def test_the_authority_is_the_service_where_only_it_may():
    assert command_fields.authority_for("maintenance") == command_fields.authority_for("config") == "service"
    assert command_fields.authority_for("dispatch") == command_fields.authority_for("tariff") == "operator"


def test_the_help_speaks_both_languages(capsys):
    with pytest.raises(SystemExit):
        send.main(["--help"])
    said = capsys.readouterr().out
    assert "命令 / commands" in said and "dispatch storage_w=..." in said and "停止一把枪" in said
