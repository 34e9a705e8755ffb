"""Time and chance, in one place that tests replace."""

import asyncio
import random
import time


class Clock:
    def now(self):
        """Seconds, never going back."""
        return time.monotonic()

    def today(self):
        """Seconds since 1970, for what is kept over restarts."""
        return time.time()

    async def sleep(self, seconds):
        await asyncio.sleep(seconds)

    def random(self):
        return random.random()


class Backoff:
    """Waits of 1, 2, 4 ... 30 s, each up to a fifth shorter: backends of one gateway must not come back in step."""

    FIRST, LONGEST = 1.0, 30.0

    def __init__(self, clock):
        self._clock = clock
        self._next = self.FIRST

    def reset(self):
        self._next = self.FIRST

    def next(self):
        wait = self._next
        self._next = min(wait * 2, self.LONGEST)
        return wait * (1 - 0.2 * self._clock.random())
