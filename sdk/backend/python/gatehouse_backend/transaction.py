"""One transaction of the database, with the frames that go out once it is committed.

The author changes tables through it; the library numbers the frames, stores them and commits. Frames of a
transaction that fails are never seen by anybody.
"""

import asyncio
import contextlib
import contextvars
import re
import sqlite3

from . import checks, frames
from .errors import StoreFailed
from .outputs import as_output

_current = contextvars.ContextVar("gatehouse_backend.transaction", default=None)
_ENDS_OR_BEGINS = re.compile(r"\s*(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b", re.IGNORECASE)


def current():
    """The transaction that is open in this task, or in the one that has made it; or None."""
    tx = _current.get()
    return tx if tx is not None and tx.is_open else None


def is_open_here():
    """Whether this very task has one open: it would wait for itself if it opened another."""
    tx = current()
    return tx is not None and tx.task is asyncio.current_task()


class Transaction:
    def __init__(self, backend, store):
        self._backend = backend
        self._store = store
        self._db = store.db
        self.is_open = False
        self.task = None  # that has it open
        self.counted = []  # (stream, event, payload text)
        self.uncounted = []  # the same
        self.seqs = {}  # Session: the last command carried out
        self.acks = {}  # Session: to acknowledge
        self.counts = {}  # Stream: the count that its next frames follow, if that has changed
        self.forgotten = set()  # streams of sessions that are over
        self._hooks = []

    # For authors.

    def execute(self, sql, values=()):
        """As sqlite3's; the transaction itself is the library's to end."""
        if not self.is_open:
            raise RuntimeError("this transaction is over")
        if _ENDS_OR_BEGINS.match(sql):
            raise RuntimeError("the library begins and ends transactions; raise an exception to roll back")
        return self._db.execute(sql, values)

    def executemany(self, sql, rows):
        for row in rows:
            self.execute(sql, row)

    def one(self, sql, values=()):
        """The first row, or None."""
        return self.execute(sql, values).fetchone()

    def script(self, sql):
        """Several statements, each ended by a semicolon."""
        statement = ""
        for part in sql.split(";"):
            statement += part + ";"
            if sqlite3.complete_statement(statement):
                if statement.strip() != ";":
                    self.execute(statement)
                statement = ""

    def room_output(self, room, output, delivery="must", exclude=()):
        """To everybody who has joined the room; exclude: Sessions who do not get it."""
        payload = {"room": checks.room(room), "output": as_output(output)}
        if delivery != "must":
            payload["delivery"] = checks.delivery(delivery)
        if exclude:
            payload["exclude"] = [session.id for session in exclude]
        self._backend.send(None, "room.output", payload)

    def broadcast(self, output=None, *, event=None, payload=None, delivery="must", rooms=(), sessions=(), exclude=()):
        """An output, or an event with a payload. To all (the token must allow it), or to rooms and Sessions."""
        if (output is None) == (payload is None):
            raise ValueError("a broadcast has either an output or a payload")
        frame = {"output": as_output(output)} if payload is None else {"payload": payload}
        if event is not None:
            frame["event"] = checks.event_name(event)
        if delivery != "must":
            frame["delivery"] = checks.delivery(delivery)
        to = {"rooms": [checks.room(room) for room in rooms], "sessions": [session.id for session in sessions],
              "exclude": [session.id for session in exclude]}
        to = {name: value for name, value in to.items() if value}
        if to:
            frame["filter"] = to
        self._backend.send(None, "broadcast", frame)

    def on_commit(self, hook):
        """hook() is called once it is committed, before anything is sent: for what lives in memory."""
        self._hooks.append(hook)

    # For the library.

    def add(self, stream, event, payload, counted):
        (self.counted if counted else self.uncounted).append((stream, event, frames.encode_payload(payload)))

    def acknowledge(self, session, seq):
        self.acks[session] = max(seq, self.acks.get(session, 0))

    def executed(self, session, seq):
        self.seqs[session] = seq
        self.acknowledge(session, seq)

    def forget(self, session):
        """It is over: what was to be kept or sent for it is not."""
        self._store.forget(session.id)
        self.forgotten.add(session.stream)
        for kept, key in ((self.seqs, session), (self.acks, session), (self.counts, session.stream)):
            kept.pop(key, None)

    def number(self):
        """Gives each counted frame its n. Returns rows for the outbox."""
        rows = []
        for stream, event, payload in self.counted:
            if stream not in self.forgotten:
                self.counts[stream] = n = self.counts.get(stream, stream.count) + 1
                rows.append((stream.key, n, event, payload))
        return rows

    @property
    def hooks(self):
        return self._hooks

    @contextlib.contextmanager
    def opened(self):
        token = _current.set(self)
        self.is_open, self.task = True, asyncio.current_task()
        try:
            yield self
        finally:
            self.is_open, self.task = False, None
            _current.reset(token)

    @contextlib.contextmanager
    def step(self):
        """All of it or nothing: what fails inside takes back its own changes and frames, and no others."""
        counted, uncounted, hooks = len(self.counted), len(self.uncounted), len(self._hooks)
        self._db.execute("SAVEPOINT gw_step")
        try:
            yield
        except BaseException as error:
            del self.counted[counted:], self.uncounted[uncounted:], self._hooks[hooks:]
            if not self._db.in_transaction:  # SQLite rolls all of it back if the disk is full, for one
                raise StoreFailed(str(error)) from error
            self._db.execute("ROLLBACK TO gw_step")
            self._db.execute("RELEASE gw_step")
            raise
        self._db.execute("RELEASE gw_step")
