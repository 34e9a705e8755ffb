"""The one database: the author's tables, and what the link must not forget.

Invariants, as long as every change goes through one transaction per turn:
  - a session's seq, what its commands changed and the frames they sent are committed together;
  - gw_outbox holds each counted frame until the gateway has said that it has it, n without holes per session;
  - instance and counts are lost together with the outbox, never alone.

One process per database: a second one would count the same frames. Thread: the event loop's.
"""

import fcntl
import json
import secrets
import sqlite3

from .errors import StoreFailed

_TABLES = """
CREATE TABLE IF NOT EXISTS gw_link(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gw_sessions(session TEXT PRIMARY KEY, user TEXT NOT NULL, character TEXT NOT NULL,
  seq INTEGER NOT NULL, count INTEGER NOT NULL, told_at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gw_outbox(id INTEGER PRIMARY KEY, session TEXT NOT NULL, n INTEGER NOT NULL,
  event TEXT NOT NULL, payload TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS gw_outbox_by_n ON gw_outbox(session, n);
"""
_ROW = "SELECT id, session, n, event, payload FROM gw_outbox"


class Store:
    def __init__(self, path, synchronous="FULL"):
        if synchronous not in ("FULL", "NORMAL"):
            raise ValueError(f"synchronous is FULL or NORMAL, not {synchronous!r}")
        self._lock = open(f"{path}.lock", "w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise StoreFailed(f"{path} is in use by another process") from None
        try:
            # Without an isolation level Python begins no transaction by itself: only begin() does.
            self.db = sqlite3.connect(path, isolation_level=None, timeout=5)
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute(f"PRAGMA synchronous={synchronous}")
            self.db.execute("PRAGMA foreign_keys=ON")
            self.db.executescript(_TABLES)
            self.db.execute("INSERT OR IGNORE INTO gw_link VALUES('instance', ?)", (secrets.token_urlsafe(16),))
            self.db.execute("INSERT OR IGNORE INTO gw_link VALUES('count', 0)")
        except sqlite3.Error as error:
            self._lock.close()
            raise StoreFailed(f"{path}: {error}") from error
        # Ids are never used twice while the process lives, though rows go: what has been sent is known by them.
        self._last_id = self._value("SELECT max(id) FROM gw_outbox") or 0
        self._at_most = self.outbox_size  # frames in the outbox; counted again only when it might be full

    def close(self):
        self.db.close()
        self._lock.close()

    def _value(self, sql, values=()):
        return self.db.execute(sql, values).fetchone()[0]

    @property
    def instance(self):
        return self._value("SELECT value FROM gw_link WHERE key='instance'")

    # Transactions.

    def begin(self):
        self.db.execute("BEGIN IMMEDIATE")

    def commit(self):
        self.db.commit()

    def rollback(self):
        if self.db.in_transaction:
            self.db.rollback()

    # Sessions and counts.

    def count_without_session(self):
        return self._value("SELECT value FROM gw_link WHERE key='count'")

    def sessions(self):
        """(session, user, character, seq, count, told_at) of each; user and character as the gateway told them."""
        for session, user, character, *rest in self.db.execute("SELECT * FROM gw_sessions"):
            yield session, json.loads(user), json.loads(character), *rest

    def save_session(self, session, user, character, seq, count, told_at):
        self.db.execute("INSERT OR REPLACE INTO gw_sessions VALUES(?,?,?,?,?,?)",
                        (session, json.dumps(user), json.dumps(character), seq, count, told_at))

    def save_told(self, told_at_of_session):
        self.db.executemany("UPDATE gw_sessions SET told_at=? WHERE session=?",
                            [(told_at, session) for session, told_at in told_at_of_session.items()])

    def save_seqs(self, seq_of_session):
        self.db.executemany("UPDATE gw_sessions SET seq=? WHERE session=?",
                            [(seq, session) for session, seq in seq_of_session.items()])

    def save_counts(self, count_of_session):
        without = count_of_session.get("")
        if without is not None:
            self.db.execute("UPDATE gw_link SET value=? WHERE key='count'", (without,))
        self.db.executemany("UPDATE gw_sessions SET count=? WHERE session=?",
                            [(count, session) for session, count in count_of_session.items() if session])

    def forget(self, session):
        self.db.execute("DELETE FROM gw_sessions WHERE session=?", (session,))
        self.db.execute("DELETE FROM gw_outbox WHERE session=?", (session,))

    # The outbox. session is '' for frames without one.

    @property
    def outbox_size(self):
        return self._value("SELECT count(*) FROM gw_outbox")

    def has_room(self, frames, most):
        if self._at_most + frames > most:
            self._at_most = self.outbox_size
        return self._at_most + frames <= most

    def add(self, frames):
        """frames: (session, n, event, payload)."""
        self._at_most += len(frames)
        rows = []
        for frame in frames:
            self._last_id += 1
            rows.append((self._last_id, *frame))
        self.db.executemany("INSERT INTO gw_outbox VALUES(?,?,?,?,?)", rows)

    def frames_after_id(self, last_id, limit):
        return self.db.execute(f"{_ROW} WHERE id>? ORDER BY id LIMIT ?", (last_id, limit)).fetchall()

    def frames_after_n(self, session, n, limit):
        return self.db.execute(f"{_ROW} WHERE session=? AND n>? ORDER BY n LIMIT ?", (session, n, limit)).fetchall()

    def trim(self, session, n):
        """The gateway has everything up to n."""
        self.db.execute("DELETE FROM gw_outbox WHERE session=? AND n<=?", (session, n))

    def drop(self, session, n):
        self.db.execute("DELETE FROM gw_outbox WHERE session=? AND n=?", (session, n))

    def renumber(self, session, first):
        """Makes first the number of the oldest frame, and the next ones follow. Returns the last number, or first-1."""
        oldest = self._value("SELECT min(n) FROM gw_outbox WHERE session=?", (session,))
        if oldest is None:
            return first - 1
        rows = self.db.execute("SELECT id FROM gw_outbox WHERE session=? ORDER BY n", (session,)).fetchall()
        self.db.executemany("UPDATE gw_outbox SET n=? WHERE id=? AND n<>?",
                            [(first + i, row[0], first + i) for i, row in enumerate(rows)])
        return first + len(rows) - 1
