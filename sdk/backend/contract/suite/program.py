"""The contract world under test, as a process. GW_CONTRACT_WORLD is its command line."""

import asyncio
import os
import shlex
import signal

from .gateway import PATIENCE, end_with_parent, read_json_line


def contract_world():
    line = os.environ.get("GW_CONTRACT_WORLD")
    if not line:
        raise RuntimeError('GW_CONTRACT_WORLD must be the contract world\'s command line, e.g. "/usr/bin/python3 '
                           'sdk/backend/contract/contract_world.py"')
    return shlex.split(line)


class Program:
    """starts() and kills as a test likes; each start goes on with the same database."""

    def __init__(self, folder, url, token_file):
        self.db = os.path.join(folder, "world.db")
        self._log = os.path.join(folder, "world.log")
        self._arguments = ["--url", url, "--token-file", token_file, "--db", self.db]
        self._process = None
        self.starts = 0

    async def start(self):
        with open(self._log, "ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *contract_world(), *self._arguments, stdout=asyncio.subprocess.PIPE, stderr=log,
                preexec_fn=end_with_parent)
        self.starts += 1

    async def ready(self):
        """The next line of its own: {"event": "ready", "sessions": …, "reconnects": …}."""
        try:
            return await read_json_line(self._process.stdout, "the contract world")
        except (AssertionError, TimeoutError, ValueError) as error:
            raise AssertionError(f"{error!r}\n{self.log()}") from None

    async def ended(self):
        """Its exit code; -9 if it was killed."""
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()

    @property
    def is_running(self):
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self):
        return self._process.pid

    async def kill(self):
        if self.is_running:
            self._process.kill()
            await self.ended()

    async def stop(self):
        """Asks it to end. Returns its exit code."""
        if self._process is None:
            return 0
        if self.is_running:
            self._process.send_signal(signal.SIGTERM)
            try:
                return await self.ended()
            except TimeoutError:
                await self.kill()
        return self._process.returncode

    def log(self):
        with open(self._log, encoding="utf-8", errors="replace") as file:
            return file.read()[-4000:]
