"""The benchmark's own parts: its arithmetic, its servers and clients, and the bounds that hold on any machine."""

import json

import pytest

from tools.bench import fleet, modbus
from tools.bench.fleet_server import answer_pdu
from tools.bench.processes import on_cpython, on_micropython, server
from tools.bench.report import Report
from tools.bench.timed_slave import permitted_per_s


def test_a_row_says_whether_its_bound_held():
    rows = Report("make x")
    rows.add("fast", 100, "1/s", baseline=50, ratio=2.0, bound=("ratio", ">=", 1.5))
    rows.add("plain", 7, "ms")
    assert rows.passed and [row["bound"] for row in rows.rows] == ["ratio >= 1.5", None]
    rows.add("lean", 321, "bytes", bound=("value", "<=", 320))
    assert rows.rows[-1]["ok"] is False and not rows.passed


def test_what_could_not_be_measured_counts_as_failed(tmp_path):
    rows = Report("make x")
    rows.not_measured("rtu", "1/s", "no pseudo-terminal")
    rows.write(tmp_path / "build" / "x.json")
    (row,) = json.loads((tmp_path / "build" / "x.json").read_text())
    assert not rows.passed and row["ok"] is None and "no pseudo-terminal" in row["note"]
    table = (tmp_path / "build" / "x.md").read_text().splitlines()
    assert table[2] == "| rtu |  | 1/s |  |  |  |  | not measured |" and table[4].startswith("- **rtu**: not measured")
    expected = {"name", "value", "unit", "baseline", "ratio", "floor", "bound", "ok", "command", "note"}
    assert set(row) == expected


def test_nothing_measured_is_not_a_pass():
    assert not Report("make x").passed


def test_a_rate_with_an_error_in_it_is_no_rate():
    assert modbus.rate({"requests": 100, "errors": 0, "us": 50000}) == 2000
    with pytest.raises(RuntimeError, match="1 of 100"):
        modbus.rate({"requests": 100, "errors": 1, "us": 50000})


@pytest.mark.parametrize(("baud", "ms"), [(9600, 45.83), (19200, 22.92), (115200, 6.65)])
def test_the_line_permits_what_its_characters_and_gaps_leave(baud, ms):
    # 8 + 25 characters of 11 bits and two gaps of 3.5 characters (1.75 ms above 19200 Bd).
    assert 1000 / permitted_per_s(baud, 10) == pytest.approx(ms, rel=0.002)


def test_the_percentile_is_the_upper_edge_of_its_bucket():
    assert fleet.percentile({0: 98, 5: 1, 40: 1}, 990) == 6
    assert fleet.percentile({0: 98, 5: 1, 40: 1}, 1000) == 41
    with pytest.raises(ValueError):
        fleet.percentile({}, 990)


def test_the_fleet_has_24_devices_and_21_without_the_faulty_ones():
    places = {"tcp": list(range(1000, 1016)), "rtu": ["/dev/a", "/dev/b"]}
    whole, healthy = fleet.station(places, True)
    assert (len(whole["devices"]), len(whole["buses"]), len(healthy)) == (24, 18, 21)
    rest, same = fleet.station(places, False)
    assert len(rest["devices"]) == 21 and len(same) == 21 and len(rest["buses"]) == 17
    assert answer_pdu(b"\x03\x00\x02\x00\x02") == b"\x03\x04\x00\x02\x00\x03"


def test_a_request_over_tcp_stays_below_its_heap_budget_and_leaves_nothing_behind():
    with server("tools.bench.minimal_server") as port:
        result = on_micropython("tcp_client.py", port, 3000, 10)
        peer = on_cpython("tools.bench.pymodbus_peer", "client", port, 200, 10)
    assert result["errors"] == 0 and result["bytes"] <= modbus.HEAP_BYTES, result
    assert result["heap_after"] <= result["heap_before"], result
    assert peer["errors"] == 0 and peer["requests"] == 200


def test_our_client_and_the_byte_timed_slave_understand_each_other():
    with server("tools.bench.timed_slave", 115200) as (path,):
        result = on_micropython("rtu_client.py", path, 115200, 1, 10)
    permitted = permitted_per_s(115200, 10) * result["us"] / 1e6
    assert result["errors"] == 0 and 0.3 * permitted < result["requests"] <= permitted, result
