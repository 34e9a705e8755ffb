"""Carries out what the gateway tells, in order: many events to a transaction, each of them once.

What has come waits in the inbox until its transaction is committed, so that a failed commit repeats it. Each command
is a step of its own: if its handler raises, only its own changes are taken back, and it counts as carried out.
"""

import asyncio
import contextlib
import inspect
import logging
import sqlite3
from collections import deque

from . import checks
from .clock import Backoff
from .errors import LinkDown, StoreFailed
from .roster import Roster

_log = logging.getLogger("gatehouse_backend")
_AT_ONCE = 64  # events a transaction
_LONG = 0.05  # seconds after which a transaction takes no further event
_FULL = 10_000  # events that wait; then the connection is not read

# Events of the library's own; no frame can have such a name.
HELLO = "(hello)"
TOLD = "(told)"  # {session id: told_at}
TRIM = "(trim)"  # nothing but a transaction: each of them trims the outbox


async def call(function, *values):
    with strays_caught():
        result = function(*values)
        return await result if inspect.isawaitable(result) else result


@contextlib.contextmanager
def strays_caught():
    """Around a handler. `old.cancel(); await old` raises the CancelledError of another task: a failure as any other.
    Let through, it would end the task that called the handler, though nobody has cancelled that one."""
    try:
        yield
    except asyncio.CancelledError as error:
        if asyncio.current_task().cancelling():
            raise
        raise RuntimeError("the handler let the CancelledError of another task through") from error


class Executor:
    def __init__(self, backend, world, store, delivery, clock, command_timeout, forget_after):
        self._backend = backend
        self._world = world
        self._store = store
        self._delivery = delivery
        self._clock = clock
        self._command_timeout = command_timeout
        self._inbox = deque()  # (connection, event, payload)
        self._has_events = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._roster = Roster(backend, world, store, delivery, clock, forget_after, self._tell)
        self._events = {HELLO: self._hello, TOLD: self._told, "link.ready": self._ready, "link.error": self._error,
                        "link.drain": self._drain, **self._roster.events}

    @property
    def sessions(self):
        return self._roster.sessions

    def unlinked(self):
        """Before the streams of the connection are live no more."""
        if told := self._roster.told_until_now():
            self.put(None, TOLD, told)

    def put(self, connection, event, payload):
        self._inbox.append((connection, event, payload))
        self._has_events.set()
        if len(self._inbox) >= _FULL:
            self._has_room.clear()

    async def until_taken(self):
        await self._has_room.wait()

    async def run(self):
        backoff = Backoff(self._clock)
        while True:
            await self._has_events.wait()
            try:
                done = await self._one_transaction()
            except (StoreFailed, sqlite3.Error) as error:
                wait = backoff.next()
                _log.error("the database failed: %s. Nothing is lost; trying again in %.1f s", error, wait)
                await self._clock.sleep(wait)
                continue
            backoff.reset()
            for _ in range(done):
                self._inbox.popleft()
            if len(self._inbox) < _FULL:
                self._has_room.set()
            if not self._inbox:
                self._has_events.clear()

    async def _one_transaction(self):
        done = 0
        async with self._backend.transaction(is_own=False) as tx:
            begun = self._clock.now()
            while done < min(len(self._inbox), _AT_ONCE) and (not done or self._clock.now() - begun < _LONG):
                await self._carry_out(tx, *self._inbox[done])
                done += 1
            self._roster.save_told(tx)
        return done

    async def _carry_out(self, tx, connection, event, payload):
        try:
            if event == "command":
                await self._command(tx, connection, payload)
            elif event == "command.private":
                await self._private(tx, payload)
            elif event in self._events:
                with tx.step():
                    await self._events[event](tx, connection, payload)
        except StoreFailed:
            raise
        except Exception:
            _log.exception("the gateway's %s could not be carried out", event)

    # Commands.

    async def _command(self, tx, connection, payload):
        session = self._roster.find(tx, payload)
        if session is None or not checks.object_with(payload, seq=int, text=str):
            _log.warning("a command that is none, or of no session; ignored: %.200s", payload)
            return
        if not connection.is_open:
            return  # it comes again on the next connection; carried out now, it might overtake one before it
        seq = payload["seq"]
        if seq <= tx.seqs.get(session, session.seq):
            tx.acknowledge(session, seq)
            return
        try:
            with tx.step():
                await self._limited(self._world.on_command, session, payload["text"], tx)
        except StoreFailed:
            raise
        except Exception as error:
            if isinstance(error, LinkDown) and not connection.is_open:
                return
            _log.exception("command %d of %r failed", seq, session)
            await self._tell_failure(tx, session)
        tx.executed(session, seq)

    async def _private(self, tx, payload):
        session = self._roster.find(tx, payload)
        if session is None or not checks.object_with(payload, text=str):
            _log.warning("a private answer that is none, or of no session; ignored")
            return
        await self._tell(tx, self._world.on_private, session, payload["text"], tx)

    async def _limited(self, handler, *values):
        with strays_caught():
            awaitable = handler(*values)
            if inspect.isawaitable(awaitable):
                async with asyncio.timeout(self._command_timeout):
                    await awaitable

    async def _tell(self, tx, handler, session, *values):
        """A handler in a step of its own; its failure ends nothing else."""
        try:
            with tx.step():
                await self._limited(handler, session, *values)
        except StoreFailed:
            raise
        except Exception:
            _log.exception("%s of %r failed", handler.__name__, session)
            await self._tell_failure(tx, session)

    async def _tell_failure(self, tx, session):
        try:
            with tx.step():
                await self._limited(self._world.on_failure, session, tx)
        except StoreFailed:
            raise
        except Exception:
            _log.exception("on_failure of %r failed", session)

    # The link.

    async def _hello(self, tx, connection, payload):
        link = payload.get("link")
        n = link.get("n") if isinstance(link, dict) else None
        stream = self._delivery.global_stream
        self._delivery.told(tx, connection, stream, n if isinstance(n, int) else stream.count)

    async def _ready(self, tx, connection, payload):
        if connection is not self._delivery.connection:
            return  # it has gone since; the next one is ready when its own sessions have been told
        self._delivery.ready(tx, connection)
        tx.on_commit(lambda: self._backend.became_ready(
            sum(1 for session in self._roster.sessions.values() if session.stream.is_live)))
        await self._roster.forget_old(tx)

    async def _told(self, tx, connection, payload):
        self._store.save_told(payload)

    async def _drain(self, tx, connection, payload):
        _log.info("an operator drains this link")
        tx.on_commit(self._backend.stop)

    async def _error(self, tx, connection, payload):
        error = payload.get("error") if isinstance(payload.get("error"), dict) else {}
        key, n = payload.get("session", ""), payload.get("n")
        stream = self._delivery.streams.get(key) if isinstance(key, str) else None
        if stream is None or not connection.is_open:
            return
        if error.get("code") == "NOT_FOUND" and key:
            session = self._roster.find(tx, payload)
            if session:
                await self._roster.forget(tx, session, "notFound")
            return
        if error.get("code") != "CONFLICT":
            _log.error("the gateway refused %s of session %s: %s %s", payload.get("event"), key or "none",
                       error.get("code"), error.get("message"))
        self._delivery.refused(tx, connection, stream, payload.get("event"), n if isinstance(n, int) else None, error,
                               self._backend.later)
