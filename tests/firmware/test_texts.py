# runs on: cpython, micropython
from control.reasons import GUN_REASONS, STORAGE_REASONS
from firmware import texts

CIRCUITS = ["grid", "dc-hall"]


def keys():
    with open(texts.__file__[: texts.__file__.rfind("/")] + "/texts.tsv", encoding="utf-8") as file:
        return [line.split("\t")[0] for line in file if not line.startswith("#")]


def test_every_reason_that_control_names_has_a_text():
    for code in GUN_REASONS + STORAGE_REASONS:
        zh, en = texts.pair("reason." + code)
        assert zh and en
    assert set(texts.codes("reason")) == set(GUN_REASONS + STORAGE_REASONS)


def test_the_table_can_be_searched_by_halves():
    with open(texts.__file__[: texts.__file__.rfind("/")] + "/texts.tsv", "rb") as file:
        lines = file.read().split(b"\n")
    assert not lines.pop(), "the last line ends"
    assert lines == sorted(lines)
    longest_key = max([len(key) for key in keys()])
    assert max([len(line) for line in lines]) + 1 + longest_key + 1 <= 320


def test_every_key_of_the_table_is_there_once_and_found():
    assert len(set(keys())) == len(keys()) > 40
    for key in keys() + keys()[::-1]:
        zh, en = texts.pair(key)
        assert (zh, en) == texts.pair(key) and "\t" not in en and "\n" not in en


def test_a_key_without_a_text_is_an_error():
    for key in ("alarm.no_such", "gun_deaf", "", "alarm.", "larm.gun_deaf", "alarm.gun_deaf\t"):
        try:
            texts.pair(key)
        except KeyError:
            continue
        raise AssertionError("found a text for " + repr(key))


def test_only_the_last_few_texts_stay_in_memory():
    for key in keys():
        texts.pair(key)
    assert len(texts._pairs) <= 6


def test_every_text_can_be_filled_with_numbers_with_nothing_and_with_unknowns():
    for key in keys():
        for template in texts.pair(key):
            for args in ((1, 2, 3), (), (None, None, None), (-1, -1, -1), (99999999,) * 3):
                filled = texts.fill(template, args, CIRCUITS)
                assert filled and "{" not in filled and "}" not in filled


def test_both_languages_of_a_text_show_the_same_numbers():
    for key in keys():
        zh, en = texts.pair(key)
        assert sorted(marks(zh)) == sorted(marks(en)), key


def marks(template):
    return [part.split("}")[0] for part in template.split("{")[1:]]


def test_chinese_is_chinese_and_english_is_ascii():
    for key in keys():
        zh, en = texts.pair(key)
        assert max([ord(char) for char in zh]) > 0x4E00, key
        assert max([ord(char) for char in en]) < 128, key


def test_numbers_are_shown_with_unit_and_one_decimal():
    assert texts.fill("{0:kw}", (150000,), []) == "150.0 kW"
    assert texts.fill("{0:kw}", (1547,), []) == "1.5 kW"
    assert texts.fill("{0:kw}", (1550,), []) == "1.6 kW"
    assert texts.fill("{0:kw}", (-40040,), []) == "-40.0 kW"
    assert texts.fill("{0:kw}", (-20,), []) == "0.0 kW"
    assert texts.fill("{0:s}", (650,), []) == "0.7 s"
    assert texts.fill("{0:pct}", (431,), []) == "43.1 %"
    assert texts.fill("{0:n} x", (12,), []) == "12 x"
    assert texts.fill("a {1:c} b {0:c}", (0, 1), CIRCUITS) == "a dc-hall b grid"


def test_an_unknown_number_is_shown_as_unknown():
    assert texts.fill("{0:kw}", (None,), []) == "? kW"
    assert texts.fill("{2:kw}", (1,), []) == "? kW"
    assert texts.fill("{0:c}", (7,), CIRCUITS) == "?" and texts.fill("{0:c}", (-1,), CIRCUITS) == "?"


def test_a_reason_names_circuit_and_numbers():
    made = texts.reason("cap_binds", (0, 150000, 350000), CIRCUITS)
    assert made["code"] == "cap_binds" and made["en"] == "grid cap is shared: 150.0 kW of 350.0 kW"
    assert "150.0 kW" in made["zh"] and "grid" in made["zh"]
