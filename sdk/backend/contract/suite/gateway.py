"""The real gateway, in a folder of its own, that waits for a backend. GW_GWHOST names its program."""

import asyncio
import copy
import ctypes
import json
import os
import shlex
import signal
import subprocess
import urllib.parse

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
PATIENCE = 60  # seconds; a deadline for what must come, never a wait for what may

# Rates and counts per address are high: a test's clients all come from 127.0.0.1.
_USUAL = {
    "stateDir": "state",
    "gatewayId": "gw-test",
    "loops": 1,
    "http": [{"name": "main", "listen": {"bind": "127.0.0.1", "port": 0}}],
    "accounts": [
        {"channel": "telnet", "account": "default", "listen": {"bind": "127.0.0.1", "port": 0}},
        {"channel": "websocket", "account": "default", "http": "main"},
        {"channel": "sse", "account": "default", "http": "main"},
    ],
    "backend": {"mode": "link", "name": "world", "listen": {"bind": "127.0.0.1", "port": 0}},
    "store": {"durability": "strict"},
    "limits": {
        "unauthenticatedPerAddress": 2000, "connectionsPerAddress": 20000,
        "connectionRatePerAddress": 20000, "connectionBurstPerAddress": 20000,
        "commandRate": 5000, "commandBurst": 5000,
        "commandRatePerUser": 5000, "commandBurstPerUser": 5000, "unitRate": 20000, "unitBurst": 20000,
    },
    "log": {"level": "info"},
    "shutdown": {"grace": "5s"},
}


def gwhost():
    """Its command line."""
    line = os.environ.get("GW_GWHOST")
    if not line:
        raise RuntimeError("GW_GWHOST must name the gateway's program, e.g. build/dev/bin/gwhost")
    program, *arguments = shlex.split(line)
    return [os.path.abspath(program), *arguments]


def gwctl():
    return os.path.join(os.path.dirname(gwhost()[0]), "gwctl")


def end_with_parent():
    """Called in a child: however the test ends, it does not stay."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def read_json_line(stream, what):
    async with asyncio.timeout(3 * PATIENCE):  # hundreds of sessions come back first
        line = await stream.readline()
    if not line:
        raise AssertionError(f"{what} has gone without a word")
    return json.loads(line)


class Gateway:
    """Ports are the system's choice at the first start, and stay over restarts: a backend is told its url once."""

    def __init__(self, folder, **patch):
        self.folder = folder
        self.token_file = os.path.join(folder, "token")
        self._config_file = os.path.join(folder, "gateway.json")
        self._log = os.path.join(folder, "gateway.log")
        self._config = copy.deepcopy(_USUAL) | patch
        self._process = None
        self.starts = 0

    def make_token(self):
        """The gateway must be down."""
        self._write_config()
        made = subprocess.run([*gwhost(), "--config", self._config_file, "--create-backend-token", "world"],
                              cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE, check=True)
        # A token that others can read is none, to the C++ library.
        with open(os.open(self.token_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(made.stdout)

    def _write_config(self):
        with open(self._config_file, "w", encoding="utf-8") as file:
            json.dump(self._config, file, indent=1)
        os.chmod(self._config_file, 0o600)

    async def _spawn(self):
        with open(self._log, "ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *gwhost(), "--config", self._config_file, cwd=self.folder, stdout=asyncio.subprocess.PIPE, stderr=log,
                preexec_fn=end_with_parent)

    async def start_and_kill(self, moment):
        """It dies so many seconds after its start, ready or not."""
        await self._spawn()
        await asyncio.sleep(moment)
        await self.kill()

    async def start(self):
        await self._spawn()
        try:
            ready = await read_json_line(self._process.stdout, "the gateway")
        except (AssertionError, ValueError) as error:
            raise AssertionError(f"{error}\n{self.log()}") from None
        self.starts += 1
        self.http_port = _port(ready["http"][0])
        self.telnet_port = _port(ready["accounts"]["telnet:default"][0])
        self.link_port = _port(ready["link"][0])
        self.admin_socket = ready["adminSocket"]
        self._config["http"][0]["listen"]["port"] = self.http_port
        self._config["accounts"][0]["listen"]["port"] = self.telnet_port
        self._config["backend"]["listen"]["port"] = self.link_port
        self._write_config()

    async def kill(self):
        if self.is_running:
            self._process.kill()
        await self._process.wait()

    async def stop(self):
        """Cleanly. Returns its exit code."""
        if self._process is None:
            return 0
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._process.wait()
            except TimeoutError:
                await self.kill()
        return self._process.returncode

    @property
    def is_running(self):
        return self._process is not None and self._process.returncode is None

    @property
    def link_url(self):
        return f"ws://127.0.0.1:{self.link_port}"

    def log(self):
        with open(self._log, encoding="utf-8", errors="replace") as file:
            return file.read()[-4000:]


def _port(address):
    return urllib.parse.urlsplit(address if "://" in address else f"//{address}").port
