"""What the stations have said, in a database: SQLite, or PostgreSQL by URL, with the same schema.

An entry of a station's journal is known by (station, boot, seq), so one that comes twice is stored once. Numbers that
nobody has, and that no `gap` of the station accounts for, are found by a query: several recorders that share the load
write into one database, and none of them sees all.
"""

import time

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

METADATA = sa.MetaData()

# unix_s: null while the station did not know the time. at_ms: its ticks. body: JSON as received.
ENTRY = sa.Table(
    "entry",
    METADATA,
    sa.Column("station", sa.String(64), primary_key=True),
    sa.Column("boot", sa.BigInteger, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("unix_s", sa.BigInteger),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("received_unix_ms", sa.BigInteger, nullable=False),
    sa.Index("entry_by_time", "station", "kind", "unix_s"),
)
# Numbers that the station says it gave up: first_seq..last_seq.
GIVEN_UP = sa.Table(
    "given_up",
    METADATA,
    sa.Column("station", sa.String(64), primary_key=True),
    sa.Column("boot", sa.BigInteger, primary_key=True),
    sa.Column("first_seq", sa.BigInteger, primary_key=True),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("received_unix_ms", sa.BigInteger, nullable=False),
)
# The newest message of each kind that is not numbered for good: birth, status, state, telemetry, ...
LATEST = sa.Table(
    "latest",
    METADATA,
    sa.Column("station", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("received_unix_ms", sa.BigInteger, nullable=False),
)

_MISSING = sa.text(
    """
    SELECT station, boot, before + 1 AS first_seq, first_seq - 1 AS last_seq
    FROM (
        SELECT station, boot, first_seq,
               COALESCE(MAX(last_seq) OVER (PARTITION BY station, boot ORDER BY first_seq, last_seq
                                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
                        CASE WHEN boot = MIN(boot) OVER (PARTITION BY station) THEN first_seq - 1 ELSE 0 END) AS before
        FROM (
            SELECT station, boot, seq AS first_seq, seq AS last_seq FROM entry
            UNION ALL
            SELECT station, boot, first_seq, last_seq FROM given_up
        ) AS spans
    ) AS steps
    WHERE first_seq > before + 1
    ORDER BY station, boot, first_seq
    """
)


class Store:
    """url: as SQLAlchemy has it, `sqlite:///file.db` or `postgresql+psycopg://user@host/name`. Raises ValueError for a
    URL of another kind, sqlalchemy.exc.SQLAlchemyError when the database cannot be used."""

    def __init__(self, url: str):
        try:
            dialect = sa.engine.make_url(url).get_backend_name()
        except sa.exc.ArgumentError:
            dialect = "no URL"
        if dialect not in ("sqlite", "postgresql"):
            raise ValueError(f"found {dialect}, allowed: sqlite:///..., postgresql+psycopg://...")
        self.engine = sa.create_engine(url, pool_pre_ping=True)
        self._insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
        if dialect == "sqlite":
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
        self._make_tables()

    def _make_tables(self) -> None:
        """Another recorder that starts at the same time may be doing the same: then they are there at the next look."""
        for attempts_left in (4, 3, 2, 1, 0):
            try:
                METADATA.create_all(self.engine)
                return
            except sa.exc.DBAPIError:
                if not attempts_left:
                    raise
                time.sleep(0.2)

    def write(self, entries: list[dict], given_up: list[dict], latest: list[dict]) -> None:
        """All or nothing. Rows of the three tables; what is there already stays, of `latest` the newer one wins."""
        with self.engine.begin() as connection:
            for table, rows in ((ENTRY, entries), (GIVEN_UP, given_up)):
                if rows:
                    connection.execute(self._insert(table).on_conflict_do_nothing(), rows)
            if latest:
                made = self._insert(LATEST)
                newer = {"body": made.excluded.body, "received_unix_ms": made.excluded.received_unix_ms}
                newest = {(row["station"], row["kind"]): row for row in latest}
                # In one order for all: recorders that share the load must not wait for each other in a circle.
                rows = [newest[key] for key in sorted(newest)]
                connection.execute(made.on_conflict_do_update(index_elements=["station", "kind"], set_=newer), rows)

    def missing(self) -> list[tuple]:
        """[(station, boot, first seq, last seq)] that were neither received nor given up, each between two that were,
        or at the beginning of a boot. What came before the first entry of a station is not missing: recording began
        there."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(_MISSING)]

    def counts(self) -> list[tuple]:
        """[(station, kind, entries, first unix_s, last unix_s)]"""
        query = sa.select(
            ENTRY.c.station, ENTRY.c.kind, sa.func.count(), sa.func.min(ENTRY.c.unix_s), sa.func.max(ENTRY.c.unix_s)
        ).group_by(ENTRY.c.station, ENTRY.c.kind)
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query.order_by(ENTRY.c.station, ENTRY.c.kind))]

    def given_up(self) -> list[tuple]:
        """[(station, boot, first seq, last seq)] that the stations themselves have declared lost."""
        query = sa.select(GIVEN_UP.c.station, GIVEN_UP.c.boot, GIVEN_UP.c.first_seq, GIVEN_UP.c.last_seq)
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query.order_by(*query.selected_columns))]

    def close(self) -> None:
        self.engine.dispose()


def _prepare_sqlite(connection, record) -> None:
    # The log goes on while others read; after a power cut the last transactions may be gone, the file is whole, and
    # what was not acknowledged to the broker comes again.
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()
