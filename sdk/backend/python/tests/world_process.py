"""The contract world as a process of its own, which may be killed."""

import asyncio
import json
import os
import signal
import sys

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "contract", "contract_world.py")


class WorldProcess:
    @classmethod
    async def start(cls, gateway, token_file, db):
        self = cls()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, PROGRAM, "--url", gateway.url, "--token-file", token_file, "--db", db,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
        return self

    async def ready(self):
        async with asyncio.timeout(60):
            line = await self._process.stdout.readline()
        return json.loads(line)

    async def ended(self):
        """Its exit code; -9 if it was killed."""
        async with asyncio.timeout(60):
            return await self._process.wait()

    async def kill(self):
        self._process.kill()
        await self.ended()

    async def stop(self):
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await self.ended()
