"""A clock that moves when a test says so."""

import asyncio


class FakeClock:
    def __init__(self):
        self._now = 1000.0
        self._sleepers = []  # (until, future)
        self._slept = asyncio.Queue()

    def now(self):
        return self._now

    def today(self):
        return 1_700_000_000 + self._now

    def random(self):
        return 0.0

    async def sleep(self, seconds):
        done = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + seconds, done))
        self._slept.put_nowait(seconds)
        await done

    async def next_sleep(self):
        """How long the next sleep is for, as soon as somebody begins one."""
        async with asyncio.timeout(60):
            return await self._slept.get()

    def advance(self, seconds):
        self._now += seconds
        for until, done in self._sleepers:
            if until <= self._now and not done.done():
                done.set_result(None)
        self._sleepers = [(until, done) for until, done in self._sleepers if not done.done()]
