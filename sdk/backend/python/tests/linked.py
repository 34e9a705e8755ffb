"""A test with a fake gateway, and backends that run against it in this process."""

import asyncio
import contextlib
import logging
import os
import tempfile
import unittest

from gatehouse_backend import Backend, Character, Clock, Refused, User, World

from .fake_gateway import FakeGateway


class EchoWorld(World):
    """Says what it is told, and keeps all of it in a table."""

    def setup(self, tx):
        tx.execute("CREATE TABLE IF NOT EXISTS said(id INTEGER PRIMARY KEY, session TEXT, text TEXT)")

    def authenticate(self, login):
        if login.password == "wrong":
            raise Refused.invalid_credentials()
        return User(f"u-{login.username}", login.username)

    def list_characters(self, user_id):
        return [Character("c-1", "Anna", "a rogue")]

    def on_command(self, session, text, tx):
        tx.execute("INSERT INTO said(session, text) VALUES(?,?)", (session.id, text))
        if text == "fail":
            session.output("never seen")
            raise RuntimeError("as asked")
        session.output(text)


def cancelled_task():
    """Awaiting it raises CancelledError, though the one who awaits is not cancelled."""
    task = asyncio.create_task(asyncio.Event().wait())
    task.cancel()
    return task


class HastyClock(Clock):
    """Comes back at once; longer waits are as long as ever."""

    async def sleep(self, seconds):
        await super().sleep(seconds if seconds > 2 else 0)


class LinkedTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        logging.getLogger("gatehouse_backend").setLevel(os.environ.get("GW_TEST_LOG", "CRITICAL"))
        asyncio.get_running_loop().slow_callback_duration = 60  # a busy machine is no news
        self._folder = tempfile.TemporaryDirectory()
        self.folder = self._folder.name
        self.token_file = os.path.join(self.folder, "token")
        with open(self.token_file, "w") as file:
            file.write("secret\n")
        self.gateway = await FakeGateway().start()
        self._running = []

    async def asyncTearDown(self):
        for backend, task in self._running:
            backend.stop()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.gateway.stop()
        self._folder.cleanup()

    def start(self, world=None, url=None, db="world.db", **options):
        self.world = world or EchoWorld()
        backend = Backend(self.world, url=url or self.gateway.url, token_file=self.token_file, name="world",
                          db=os.path.join(self.folder, db), **{"clock": HastyClock(), **options})
        self._running.append((backend, asyncio.create_task(backend.serve())))
        return backend

    async def stop(self, backend):
        backend.stop()
        for one, task in self._running:
            if one is backend:
                await task
        self._running = [pair for pair in self._running if pair[0] is not backend]

    async def said(self, backend):
        async with backend.transaction() as tx:
            return [row[0] for row in tx.execute("SELECT text FROM said ORDER BY id")]

    async def outbox(self, backend):
        async with backend.transaction() as tx:
            return tx.execute("SELECT session, n FROM gw_outbox ORDER BY id").fetchall()
