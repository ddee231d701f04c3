# runs on: cpython, micropython
"""What is not JSON is refused with line and column, on MicroPython (whose own json takes much of it) as on CPython."""

from firmware import config
from firmware.config_json import JsonProblem, check


def problem_of(text):
    data = text if isinstance(text, bytes) else text.encode()
    try:
        check(data)
    except JsonProblem as problem:
        return problem.line, problem.column, problem.code, problem.found
    return None


def refused(data, name="/flash/station.json"):
    try:
        config.parse(data, name)
    except config.ConfigError as error:
        assert len(error.problems) == 1
        assert error.text("zh") and error.text("en") and str(error) == error.text("both")
        return error.problems[0]
    return None


def test_json_texts_are_taken():
    for text in ("{}", "[]", "0", "-0", "-12.5e+3", "1E5", '""', ' {"a" : [ true , false, null ] }\r\n',
                 '"\\u5149\\n\\/"', '{"光":{"储":[1,2]}}', '{"a":{"a":1},"b":{"a":1}}', "[[[[[[[[1]]]]]]]]",
                 "12345678901234567890"):
        assert problem_of(text) is None, (text, problem_of(text))


def test_the_first_place_that_is_not_json_is_named():
    for text, place in (
            ("", (1, 1, "json_expected", None)),
            ("[1 2]", (1, 4, "json_expected", "2")),
            ("[1,]", (1, 4, "json_expected", "]")),
            ('{"a" 1}', (1, 6, "json_expected", "1")),
            ('{"a":1,}', (1, 8, "json_expected", "}")),
            ("{a:1}", (1, 2, "json_expected", "a")),
            ("{'a':1}", (1, 2, "json_expected", "'")),
            ('{"a":1} x', (1, 9, "json_more", "x")),
            ('{"a":1', (1, 7, "json_expected", None)),
            ("nul", (1, 1, "json_expected", "n")),
            ("NaN", (1, 1, "json_expected", "N")),
            ("+1", (1, 1, "json_expected", "+")),
            ("01", (1, 2, "json_leading_zero", "1")),
            ("-", (1, 2, "json_expected", None)),
            ("1.", (1, 3, "json_expected", None)),
            ("1e", (1, 3, "json_expected", None)),
            ('{\n  "a": 1,\n  "b" = 2\n}', (3, 7, "json_expected", "=")),
            ('{\n  "名": 1,\n  "站" = 2\n}', (3, 7, "json_expected", "=")),
            ('{"a":1,"a":2}', (1, 8, "json_key_twice", "a")),
            ('["open', (1, 2, "json_string_end", '"open')),
            ('["open\n"]', (1, 2, "json_string_end", '"open')),
            ('"\t"', (1, 2, "json_control", "\\x09")),
            ('"\\x"', (1, 3, "json_escape", "x")),
            ('"\\u12g4"', (1, 3, "json_escape", "u")),
            ('"\\u12', (1, 3, "json_escape", "u")),
            ('"\\ud83d\\ude00"', (1, 3, "json_escape", "u")),
            ("[/* no */ 1]", (1, 2, "json_expected", "/")),
            ("123456789012345678901", (1, 1, "json_long_number", "12345678901234567890")),
            ("[[[[[[[[[[1]]]]]]]]]]", (1, 10, "json_deep", "["))):
        assert problem_of(text) == place, (text, problem_of(text))


def test_the_place_stands_before_the_problem():
    problem = refused('{"station":\n "光储" 3}'.encode())
    assert problem.path == "station.json:2:7", problem.path
    assert problem.text("en") == 'station.json:2:7: not valid JSON; found "3"; allowed: , }'


def test_a_byte_order_mark_is_named():
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
        assert refused(mark + b"{}").code == "file_bom"


def test_bytes_that_are_no_text_are_named_with_their_line():
    problem = refused(b'{\n"name": "\xb9\xe2"}')  # GBK, as a Chinese Windows editor may write it
    assert (problem.code, problem.path) == ("file_utf8", "station.json:2")


def test_a_file_of_more_than_64_kib_is_refused():
    assert refused(b" " * 65535 + b"1") is None
    assert refused(b" " * 65536 + b"1").code == "file_size"


def test_a_file_that_is_not_there_is_reported_like_any_other_problem():
    try:
        config.load("/nowhere/station.json")
    except config.ConfigError as error:
        assert error.problems[0].code == "file_missing" and "/nowhere/station.json" in error.text("zh")
    else:
        raise AssertionError("taken")


def test_a_truncated_demo_station_is_refused_at_every_length():
    path = __file__.rsplit("/tests/", 1)[0] + "/tools/stations/demo.json"
    with open(path, "rb") as file:
        data = file.read().rstrip()
    for length in range(0, len(data), 37):
        assert refused(data[:length]) is not None, length
    assert refused(data) is None
