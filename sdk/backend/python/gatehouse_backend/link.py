"""Keeps a link to the gateway: dials, says hello, dials again. One connection at a time."""

import asyncio
import logging

import websockets

from .clock import Backoff
from .connection import Connection, dial
from .errors import BadMessage, LinkDown, Refused

_log = logging.getLogger("gatehouse_backend")
_TROUBLE = (OSError, ValueError, TimeoutError, LinkDown, BadMessage, Refused, websockets.WebSocketException)


class Link:
    """attached(connection) is called before hello, detached() at its end; taker: see Connection."""

    def __init__(self, world, url, token_file, name, instance, client, clock, taker, attached, detached, is_stopping):
        self._world = world
        self._url = url
        self._token_file = token_file
        self._name = name
        self._instance = instance
        self._client = client
        self._clock = clock
        self._taker = taker
        self._attached = attached
        self._detached = detached
        self._is_stopping = is_stopping
        self._backoff = Backoff(clock)

    def was_ready(self):
        self._backoff.reset()

    async def keep(self):
        while True:
            why = "the gateway closed it"
            try:
                await self._once()
            except _TROUBLE as error:
                why = str(error) or type(error).__name__
            except Exception:
                why = "a mistake of this library; please report it"
                _log.exception("the link failed")
            if self._is_stopping():
                return  # a task that is cancelled while it dials may not notice (wait_for before Python 3.12)
            wait = self._backoff.next()
            _log.warning("no link to %s: %s. Trying again in %.1f s", self._url, why, wait)
            await self._clock.sleep(wait)

    async def _once(self):
        token = read_token(self._token_file)
        socket = await dial(self._url)
        if self._is_stopping():  # wait_for before Python 3.12 swallows a cancellation that comes with the socket
            await socket.close()
            return
        connection = Connection(socket, self._taker, self._clock)
        self._attached(connection)
        running = asyncio.create_task(connection.run())
        hello = asyncio.create_task(connection.connect(self._connect_params(token)))
        try:
            await asyncio.wait((running, hello), return_when=asyncio.FIRST_COMPLETED)
            if hello.done() and isinstance(hello.exception(), LinkDown):
                await running  # it says why
            await hello
            await running
        finally:
            self._detached()
            for task in (running, hello):
                task.cancel()
            await asyncio.gather(running, hello, return_exceptions=True)

    def _connect_params(self, token):
        world = self._world
        capabilities = {"characters": world.has_characters, "registration": world.allows_registration,
                        "guests": world.allows_guests}
        if world.welcome:
            capabilities["welcome"] = world.welcome
        return {"protocol": {"min": 1, "max": 1}, "role": "backend", "auth": {"token": token}, "name": self._name,
                "instance": self._instance, "capabilities": capabilities,
                "client": {"id": self._client[0], "version": self._client[1]}}


def read_token(token_file):
    with open(token_file, encoding="utf-8") as file:
        token = file.read().strip()
    if not token:
        raise ValueError(f"{token_file} holds no token")
    return token
