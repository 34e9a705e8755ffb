"""A backend: keeps a link to the gateway and runs a World. One asyncio loop, one database, one connection.

    Backend(MyWorld(), url="ws://127.0.0.1:18780", token_file="token", name="world", db="world.db").run()
"""

import asyncio
import contextlib
import logging
import signal
import sqlite3

from . import checks, frames, transaction
from .clock import Clock
from .delivery import Delivery
from .errors import LinkDown, OutboxFull, StoreFailed
from .executor import HELLO, TRIM, Executor, call
from .link import Link, read_token
from .logins import Logins
from .store import Store

_log = logging.getLogger("gatehouse_backend")


class Backend:
    def __init__(self, world, *, url, token_file, name, db, synchronous="FULL", client=("gatehouse_backend", "0.1.0"),
                 command_timeout=10.0, forget_after=7 * 86_400, max_outbox=100_000, clock=None):
        """synchronous: FULL, or NORMAL: faster, and a power cut may undo the last commands of this program, which the
        gateway then takes for done. command_timeout: seconds for an `async def` handler. forget_after: seconds after
        which a session that the gateway tells of no more is taken for closed. max_outbox: frames that may wait for the
        gateway; above it transactions of your own that send raise OutboxFull. Commands come only while it listens.
        """
        self._world = world
        self._url = url
        self._token_file = token_file
        self._name = name
        self._db = db
        self._synchronous = synchronous
        self._client = client
        self._command_timeout = command_timeout
        self._forget_after = forget_after
        self._max_outbox = max_outbox
        self._clock = clock or Clock()
        self._tasks = set()
        self._lock = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._first_ready = asyncio.Event()
        self._trim_timer = None
        world.backend = self

    # For authors.

    def run(self):
        """Runs until SIGINT or SIGTERM, or until an operator drains the link."""
        async def main():
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, self.stop)
            await self.serve()
        asyncio.run(main())

    def stop(self):
        self._stopping.set()

    async def serve(self):
        """As run(), in a loop of yours. Raises StoreFailed if the database cannot be used, OSError for the token."""
        read_token(self._token_file)
        self._store = Store(self._db, self._synchronous)
        try:
            self._delivery = Delivery(self._store, self._trim_soon)
            self._logins = Logins(self._world, call)
            self._executor = Executor(self, self._world, self._store, self._delivery, self._clock,
                                      self._command_timeout, self._forget_after)
            self._link = Link(self._world, self._url, self._token_file, self._name, self._store.instance, self._client,
                              self._clock, self, self._delivery.attach, self._detached, self._stopping.is_set)
            async with self.transaction(is_own=False) as tx:  # a full outbox must not keep it from its start
                await call(self._world.setup, tx)
            await self._run_parts()
        finally:
            self._store.close()

    @property
    def is_connected(self):
        """Whether what is sent now goes out now; otherwise it waits in the database."""
        return self._delivery.is_ready

    @property
    def sessions(self):
        return [session for session in self._executor.sessions.values() if session.state != "closed"]

    @property
    def outbox_size(self):
        """Frames that the gateway has not acknowledged yet."""
        return self._store.outbox_size

    @contextlib.asynccontextmanager
    async def transaction(self, is_own=True):
        """is_own: an author's; the library's have no bound to what they send."""
        if transaction.is_open_here():
            raise RuntimeError("a transaction is open here already; use its tx")
        async with self._lock:
            tx = transaction.Transaction(self, self._store)
            try:
                self._store.begin()
                with tx.opened():
                    yield tx
                self._commit(tx, is_own)
            except BaseException:
                self._store.rollback()
                raise
        self._send(tx)

    async def call(self, function, *values):
        """Calls a handler, whether it is `def` or `async def`."""
        return await call(function, *values)

    async def ask(self, method, params):
        if self._delivery.connection is None:
            raise LinkDown("there is no connection to the gateway")
        return await self._delivery.connection.ask(method, params)

    def send(self, session, event, payload, counted=True):
        stream = session.stream if session else self._delivery.global_stream
        if session and session.state == "closed":
            return
        tx = transaction.current()
        if tx is not None:
            tx.add(stream, event, payload, counted)
        elif counted:
            raise RuntimeError("sending needs a transaction: async with world.transaction()")
        else:
            self._delivery.send_now(stream, event, frames.encode_payload(payload))

    # Transactions.

    def _commit(self, tx, is_own):
        rows = tx.number()
        try:
            self._delivery.trim()
            if is_own and rows and not self._store.has_room(len(rows), self._max_outbox):
                raise OutboxFull(f"{self._max_outbox} frames wait for the gateway")
            self._store.add(rows)
            self._store.save_counts({stream.key: count for stream, count in tx.counts.items()})
            self._store.save_seqs({session.id: seq for session, seq in tx.seqs.items()})
            self._store.commit()
        except sqlite3.Error as error:
            raise StoreFailed(str(error)) from error
        for stream, count in tx.counts.items():
            stream.count = count
        for session, seq in tx.seqs.items():
            session.seq = seq
        for hook in tx.hooks:
            try:
                hook()
            except (Exception, asyncio.CancelledError):  # of a task that it asked for its result
                _log.exception("a hook after a commit failed")
        self._delivery.trimmed()

    def _send(self, tx):
        self._delivery.pump()
        for stream, event, payload in tx.uncounted:
            self._delivery.send_now(stream, event, payload)
        for session, seq in tx.acks.items():
            if session.stream.is_live and self._delivery.connection:
                self._delivery.connection.put(
                    frames.event("command.ack", frames.encode({"session": session.id, "seq": seq})))

    def _trim_soon(self):
        if self._trim_timer is None:
            self._trim_timer = asyncio.get_running_loop().call_later(1.0, self._trim)

    def _trim(self):
        self._trim_timer = None
        self._executor.put(None, TRIM, {})

    # What the connection brings.

    def take_hello(self, connection, payload):
        def policy(member, otherwise):
            told = payload.get("policy")
            return told[member] if checks.object_with(told, **{member: int}) and told[member] > 0 else otherwise
        connection.limit = min(policy("maxPayload", frames.MAX_MESSAGE), frames.MAX_MESSAGE)
        connection.heartbeat = policy("heartbeatMs", 30_000) / 1000
        connection.call_timeout = policy("callTimeoutMs", 30_000) / 1000
        self._executor.put(connection, HELLO, payload)

    def take_event(self, connection, event, payload):
        if event == "link.ack":
            if isinstance(payload.get("n"), int) and isinstance(payload.get("session", ""), str):
                self._delivery.ack(payload.get("session", ""), payload["n"])
        elif event == "cancel":
            if isinstance(payload.get("id"), (str, int, float)):
                self._logins.cancel(connection, payload["id"])
        elif event == "link.drain":
            grace = payload.get("graceMs")
            self.later(grace / 1000 if isinstance(grace, int) else 10.0, self.stop)
            self._executor.put(connection, event, payload)  # stops as soon as what came before is done
        else:
            self._executor.put(connection, event, payload)

    def take_request(self, connection, request_id, method, params):
        self._logins.take(connection, request_id, method, params)

    def take_room(self, connection):
        if connection is self._delivery.connection:
            self._delivery.pump()

    async def until_taken(self):
        await self._executor.until_taken()

    def _detached(self):
        self._executor.unlinked()
        self._delivery.detach()
        self._logins.cancel_all()

    def became_ready(self, sessions):
        self._link.was_ready()
        self._first_ready.set()
        _log.info("linked to %s as %s, %d sessions", self._url, self._name, sessions)
        self._spawn(call(self._world.on_ready, sessions))

    def later(self, seconds, then):
        async def wait():
            await self._clock.sleep(seconds)
            then()
        self._spawn(wait())

    # Running.

    def _spawn(self, coroutine):
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run_parts(self):
        parts = [self._spawn(part) for part in
                 (self._link.keep(), self._executor.run(), self._stopping.wait())]
        self._spawn(self._run_background())
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        finally:
            await self._finish()

    async def _finish(self):
        """The transaction under way is finished, what it sends goes out; then everything ends."""
        self._stopping.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._lock.acquire(), 2.0)
        if self._delivery.connection:
            await self._delivery.connection.finish(1.0)
        if self._trim_timer:
            self._trim_timer.cancel()
        self._logins.cancel_all()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._save_told()

    def _save_told(self):
        """The link has ended after the last transaction."""
        try:
            self._store.begin()
            self._store.save_told({session.id: session.told_at for session in self.sessions})
            self._store.commit()
        except sqlite3.Error:
            _log.exception("when sessions were last told of could not be kept")

    async def _run_background(self):
        await self._first_ready.wait()
        while True:
            try:
                return await call(self._world.background)
            except Exception:
                _log.exception("background failed; starting it again")
                await self._clock.sleep(1.0)
