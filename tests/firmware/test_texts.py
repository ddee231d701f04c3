# runs on: cpython, micropython
from firmware import texts

CIRCUITS = ["grid", "dc-hall"]


def test_every_reason_that_control_names_has_a_text():
    for code in texts.GUN_REASONS + texts.STORAGE_REASONS:
        zh, en = texts.REASON_TEXTS[code]
        assert zh and en


def test_every_text_can_be_filled_with_numbers_with_nothing_and_with_unknowns():
    for table in (texts.REASON_TEXTS, texts.ALARM_TEXTS, texts.ACK_TEXTS):
        for code in table:
            for template in table[code]:
                for args in ((1, 2, 3), (), (None, None, None), (-1, -1, -1), (99999999,) * 3):
                    filled = texts.fill(template, args, CIRCUITS)
                    assert filled and "{" not in filled and "}" not in filled


def test_both_languages_of_a_text_show_the_same_numbers():
    for table in (texts.REASON_TEXTS, texts.ALARM_TEXTS, texts.ACK_TEXTS):
        for code in table:
            zh, en = table[code]
            assert sorted(marks(zh)) == sorted(marks(en)), code


def marks(template):
    return [part.split("}")[0] for part in template.split("{")[1:]]


def test_chinese_is_chinese_and_english_is_ascii():
    for table in (texts.REASON_TEXTS, texts.ALARM_TEXTS, texts.ACK_TEXTS):
        for code in table:
            zh, en = table[code]
            assert max([ord(char) for char in zh]) > 0x4E00, code
            assert max([ord(char) for char in en]) < 128, code


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
