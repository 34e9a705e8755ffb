"""A test with the real gateway, the contract world behind a relay, and players."""

import asyncio
import tempfile
import unittest

from .gateway import Gateway
from .program import Program
from .relay import Relay
from .sse import SsePlayer
from .telnet import TelnetPlayer
from .v1 import V1Player


class LinkedTest(unittest.IsolatedAsyncioTestCase):
    config = {}  # onto the gateway's usual one

    async def asyncSetUp(self):
        asyncio.get_running_loop().slow_callback_duration = 60  # a busy machine is no news
        self._folder = tempfile.TemporaryDirectory(prefix="gw-contract-")
        self.addCleanup(self._folder.cleanup)
        self._players = []
        self.gateway = Gateway(self._folder.name, **self.config)
        self.gateway.make_token()
        await self.gateway.start()
        self.addAsyncCleanup(self.gateway.stop)
        self.relay = await Relay(lambda: self.gateway.link_port).start()
        self.addAsyncCleanup(self.relay.stop)
        self.world = Program(self._folder.name, self.relay.url, self.gateway.token_file)
        await self.world.start()
        self.addAsyncCleanup(self.world.stop)
        self.addAsyncCleanup(self._leave)
        await self.world.ready()

    async def _leave(self):
        for player in self._players:
            await player.leave()
        for tap in self.relay.taps:
            for problem in tap.problems():
                self.fail(f"against the link's schema: {problem}")

    async def restart_world(self):
        await self.world.start()
        return await self.world.ready()

    async def _enter(self, kind, name, **more):
        player = kind(self.gateway, name, **more)
        self._players.append(player)
        await player.enter()
        return player

    async def v1(self, name="anna", **more):
        return await self._enter(V1Player, name, **more)

    async def sse(self, name="sven", **more):
        return await self._enter(SsePlayer, name, **more)

    async def telnet(self, name="tina", **more):
        return await self._enter(TelnetPlayer, name, **more)

    async def in_the_hall(self, *players):
        """Waits until the world has taken them in: what it says to the hall reaches all of them from now on."""
        for player in players:
            await player.do("echo in")
            await player.expect("in")

    async def total(self, player):
        """As the world says it now; earlier commands have been carried out then."""
        before = len(player.texts("total "))
        await player.do("add 0")
        await player.until(lambda: len(player.texts("total ")) > before, "its total")
        return int(player.texts("total ")[-1].split()[1])
