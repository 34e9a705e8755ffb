"""A player of a test: what they heard, and how to wait for more. Subclasses speak a channel.

keep() stays in the game until leave(): over cuts and crashes it comes back by itself, as gateway-v1.md says.
"""

import asyncio
import random
import time

from .gateway import PATIENCE


class Ended(Exception):
    """The connection has ended."""


class Failed(AssertionError):
    """The gateway did what it must not do."""


class Player:
    def __init__(self, gateway, name, seed=0):
        self.gateway = gateway
        self.name = name
        self.character = name[:1].upper() + name[1:]
        self.password = "secret"
        self.heard = []  # (event, payload), each once, in order
        self.failures = []  # what must not happen and did
        self.comebacks = 0
        self.is_over = False  # the gateway has ended the session
        self.is_in = asyncio.Event()  # plays, on a connection that is up
        self._cursor = 0  # heard up to here was expected
        self._waiting = []
        self._last_end = None
        self._keeping = None
        self._is_leaving = False
        self._random = random.Random(f"{seed} {name}")

    # Staying in.

    async def enter(self):
        self._keeping = asyncio.create_task(self._keep())
        await self._wait_for(lambda: self.is_in.is_set() or self._keeping.done(), f"{self.name} to enter")
        if self._keeping.done():
            self._keeping.result()

    async def leave(self):
        if self._keeping:
            self._is_leaving = True  # a task that is cancelled while it dials may not notice (wait_for before 3.12)
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)

    async def _keep(self):
        while True:
            try:
                await self._one_connection()
            except (Ended, OSError, EOFError, TimeoutError, asyncio.IncompleteReadError) as end:
                self._last_end = f"{type(end).__name__} {end}"
            except Failed as failure:
                self.fail(str(failure))
                return
            finally:
                self.is_in.clear()
            if self.is_over or self._is_leaving:
                return self._wake()
            await asyncio.sleep(self._random.uniform(0.05, 0.25))

    async def _one_connection(self):
        """Connects, calls came_in(), and returns or raises when the connection ends."""
        raise NotImplementedError

    def came_in(self):
        if self._is_leaving:
            raise Ended
        self.comebacks += 1
        self.is_in.set()
        self._wake()

    def fail(self, why):
        self.failures.append(f"{time.strftime('%H:%M:%S')} {self.name}: {why}")
        self._wake()

    # Hearing.

    def note(self, event, payload):
        self.heard.append((event, payload))
        self._wake()

    def _wake(self):
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    async def _wait_for(self, holds, what, limit=PATIENCE):
        try:
            async with asyncio.timeout(limit):
                while not holds():
                    self._waiting.append(asyncio.get_running_loop().create_future())
                    await self._waiting[-1]
        except TimeoutError:
            said = [payload.get("text", event) for event, payload in self.heard[-20:]]
            raise AssertionError(f"{self.name} waited for {what}; {self.failures}; {self.describe()}; "
                                 f"the last it heard: {said}") from None

    def describe(self):
        return f"is in: {self.is_in.is_set()}, came in {self.comebacks} times, the last end: {self._last_end!r}"

    async def until(self, holds, what, limit=PATIENCE):
        await self._wait_for(lambda: holds() or self.failures, what, limit)
        if self.failures:
            raise AssertionError("; ".join(self.failures))

    async def expect(self, text):
        """The payload of the next event whose text is this; what comes before it is passed over."""
        return await self._expect(lambda event, payload: payload.get("text") == text, repr(text))

    async def expect_event(self, name, fits=lambda payload: True):
        return await self._expect(lambda event, payload: event == name and fits(payload), f"an event {name}")

    async def _expect(self, fits, what):
        found = []

        def look():
            while self._cursor < len(self.heard):
                event, payload = self.heard[self._cursor]
                self._cursor += 1
                if fits(event, payload):
                    found.append(payload)
                    return True
            return False
        await self.until(look, what)
        return found[0]

    def texts(self, beginning=""):
        """All texts heard, those that begin so."""
        return [payload["text"] for _, payload in self.heard
                if isinstance(payload.get("text"), str) and payload["text"].startswith(beginning)]
