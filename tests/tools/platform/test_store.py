"""The same schema and the same answers in SQLite and in PostgreSQL."""

import sqlite3
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parent))

from databases import find_postgresql, postgresql  # noqa: E402

from tests.micropython_collector import not_run  # noqa: E402
from tools.platform.store import METADATA, Store  # noqa: E402


@pytest.fixture(scope="module")
def urls(tmp_path_factory):
    """{dialect: URL of an empty database}"""
    made = {"sqlite": f"sqlite:///{tmp_path_factory.mktemp('lite')}/stations.db"}
    programs = find_postgresql()
    if programs is None:
        yield made
        return
    with postgresql(programs, tmp_path_factory.mktemp("pg")) as url:
        yield {**made, "postgresql": url}


@pytest.fixture(params=["sqlite", "postgresql"])
def store(urls, request):
    if request.param not in urls:
        not_run("postgresql (initdb) is not installed")
    made = Store(urls[request.param])
    empty(made)
    yield made
    made.close()


def empty(store):
    with store.engine.begin() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(table.delete())


def entry(seq, boot=1, station="A", kind="sample", unix_s=1_800_000_000):
    return {
        "station": station, "boot": boot, "seq": seq, "kind": kind, "unix_s": unix_s, "at_ms": seq * 1000,
        "body": '{"grid_w":1}', "received_unix_ms": 1_800_000_000_000,
    }  # fmt: skip


def gap(first, last, boot=1, station="A"):
    return {
        "station": station, "boot": boot, "first_seq": first, "last_seq": last, "received_unix_ms": 1_800_000_000_000,
    }  # fmt: skip


def test_an_entry_that_comes_twice_is_stored_once(store):
    store.write([entry(1), entry(2)], [], [])
    store.write([entry(2), entry(3)], [], [])
    assert store.counts() == [("A", "sample", 3, 1_800_000_000, 1_800_000_000)]
    assert store.missing() == []


def test_numbers_that_nobody_has_are_missing_unless_the_station_gave_them_up(store):
    store.write([entry(seq) for seq in (1, 2, 5, 9)], [gap(3, 4)], [])
    assert store.missing() == [("A", 1, 6, 8)] and store.given_up() == [("A", 1, 3, 4)]
    store.write([entry(7)], [], [])
    assert store.missing() == [("A", 1, 6, 6), ("A", 1, 8, 8)]


def test_recording_may_begin_in_the_middle_of_a_boot_but_later_boots_are_wanted_whole(store):
    store.write([entry(700), entry(701), entry(2, boot=2)], [], [])
    assert store.missing() == [("A", 2, 1, 1)]


def test_each_station_has_its_own_numbers(store):
    store.write([entry(1), entry(3), entry(1, station="B"), entry(2, station="B")], [], [])
    assert store.missing() == [("A", 1, 2, 2)]


def test_of_what_is_not_numbered_the_newest_is_kept(store):
    row = {"station": "A", "kind": "state", "body": "{}", "received_unix_ms": 1}
    store.write([], [], [row, {**row, "body": '{"a":1}', "received_unix_ms": 2}])
    store.write([], [], [{**row, "kind": "birth"}])
    with store.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT kind, body FROM latest ORDER BY kind").all()
    assert [tuple(each) for each in rows] == [("birth", "{}"), ("state", '{"a":1}')]


def test_a_batch_with_a_row_that_cannot_be_stored_leaves_nothing_behind(store):
    with pytest.raises(Exception, match="(?i)null"):
        store.write([entry(1), {**entry(2), "kind": None}], [gap(3, 4)], [])
    assert store.counts() == [] and store.given_up() == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    present=st.sets(st.integers(1, 25), min_size=1),
    given_up=st.lists(st.tuples(st.integers(1, 25), st.integers(0, 6)), max_size=3, unique_by=lambda each: each[0]),
)
def test_missing_is_what_is_neither_there_nor_given_up(store, present, given_up):
    empty(store)
    spans = [(first, first + more) for first, more in given_up]
    store.write([entry(1, boot=1)], [], [])  # the boot before: this one is wanted from its first number on
    store.write([entry(seq, boot=2) for seq in present], [gap(*span, boot=2) for span in spans], [])
    found = {seq for _, boot, first, last in store.missing() for seq in range(first, last + 1) if boot == 2}
    accounted = present | {seq for first, last in spans for seq in range(first, last + 1)}
    # what lies before the last known number, be it there or given up
    assert found == set(range(1, max(accounted))) - accounted


def test_another_kind_of_database_is_refused():
    with pytest.raises(Exception, match="(?i)mysql"):
        Store("mysql://127.0.0.1/x")


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "stations.db"
    path.write_text("this is no database" * 100)
    with pytest.raises(Exception, match="not a database"):
        Store(f"sqlite:///{path}")
    assert path.read_text().startswith("this is no database")
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(path).execute("SELECT 1 FROM sqlite_master")
