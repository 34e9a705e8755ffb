"""One WebSocket to the gateway: reading, writing, heartbeats, requests of ours. It knows no sessions.

A task of its own reads, whatever handlers do. Frames are put() from anywhere on the loop and leave together, as many
to a message as fit. run() ends when the connection does, and says why by an exception unless it ended well.
"""

import asyncio
import logging
from collections import deque
from urllib.parse import urlsplit

import websockets

from . import checks, frames
from .errors import BadMessage, LinkDown, Refused

_log = logging.getLogger("gatehouse_backend")
_ROOM = 1 << 20  # bytes that wait to be written; above it the outbox waits in the database
_CONNECT_ID = "connect"


async def dial(url):
    """Opens the WebSocket: unix:/path, ws://host:port or wss://. The path is /backend unless the url has one."""
    options = dict(compression=None, max_size=1 << 20, ping_interval=None, open_timeout=10, close_timeout=2)
    if url.startswith("unix:"):
        path = url.removeprefix("unix:").removeprefix("//")
        return await websockets.unix_connect(path, "ws://localhost/backend", **options)
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss") or not parts.netloc:
        raise ValueError(f"{url!r} is no address of a gateway: unix:/path or ws://host:port")
    if parts.path in ("", "/"):
        url = parts._replace(path="/backend").geturl()
    return await websockets.connect(url, **options)


class Connection:
    """taker: what comes goes there, by take_request(connection, id, method, params), take_event(connection, name,
    payload), take_hello(connection, payload), take_room(connection); `await taker.until_taken()` holds the reading up.
    """

    def __init__(self, socket, taker, clock):
        self._socket = socket
        self._taker = taker
        self._clock = clock
        self._pending = deque()  # (text, bytes)
        self._pending_bytes = 0
        self._has_pending = asyncio.Event()
        self._is_flushed = asyncio.Event()
        self._calls = {}
        self._last_call = 0
        self._heard_at = clock.now()
        self._is_reading = True  # not held up by what is not taken yet
        self.is_open = True
        self.limit = frames.MAX_MESSAGE
        self.call_timeout = 30.0
        self.heartbeat = 30.0

    # Sending.

    @property
    def has_room(self):
        return self.is_open and self._pending_bytes < _ROOM

    def put(self, text):
        if self.is_open:
            size = frames.size_of(text)
            self._pending.append((text, size))
            self._pending_bytes += size
            self._is_flushed.clear()
            self._has_pending.set()

    def refuse(self, request_id, error):
        self.put(frames.refusal(request_id, error))

    async def ask(self, method, params):
        """Raises Refused, LinkDown, or TimeoutError after telling the gateway to forget it."""
        self._last_call += 1
        return await self._ask(f"b{self._last_call}", method, params)

    async def _ask(self, request_id, method, params):
        if not self.is_open:
            raise LinkDown()
        self._calls[request_id] = asyncio.get_running_loop().create_future()
        self.put(frames.request(request_id, method, params))
        try:
            async with asyncio.timeout(self.call_timeout):
                return await self._calls[request_id]
        except TimeoutError:
            self.put(frames.event("cancel", frames.encode({"id": request_id})))
            raise
        finally:
            self._calls.pop(request_id, None)

    async def connect(self, params, within=10.0):
        """The first request. Its answer is also given to the taker, in its place among what follows it."""
        async with asyncio.timeout(within):
            await self._ask(_CONNECT_ID, "connect", params)

    async def finish(self, within):
        """Writes what is pending, then says goodbye."""
        try:
            async with asyncio.timeout(within):
                if self._pending_bytes and self.is_open:
                    await self._is_flushed.wait()
                await self._socket.close(1000)
        except (TimeoutError, OSError):
            pass

    # The connection's life.

    async def run(self):
        tasks = [asyncio.create_task(part()) for part in (self._read, self._write, self._listen)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.is_open = False
            self._is_flushed.set()
            for call in self._calls.values():
                if not call.done():
                    call.set_exception(LinkDown())
                    call.exception()  # seen, should nobody await it any more
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._socket.close()

    async def _write(self):
        while True:
            await self._has_pending.wait()
            while self._pending:
                message, taken = frames.pack(self._pending, self.limit)
                await self._socket.send(message)
                self._pending_bytes -= taken
                if self.has_room:
                    self._taker.take_room(self)
            self._has_pending.clear()
            self._is_flushed.set()

    async def _listen(self):
        """Heartbeats: asks after one interval of silence, gives up after two."""
        while True:
            silent = self._clock.now() - self._heard_at
            if not self._is_reading:
                silent = 0
            if silent >= 2 * self.heartbeat:
                await self._socket.close(4003, "nothing heard")
                raise LinkDown(f"nothing heard for {silent:.0f} s")
            if silent >= self.heartbeat:
                self._last_call += 1
                self.put(frames.request(f"b{self._last_call}", "heartbeat", {}))
                await self._clock.sleep(2 * self.heartbeat - silent)
            else:
                await self._clock.sleep(self.heartbeat - silent)

    async def _read(self):
        async for message in self._socket:
            self._heard_at = self._clock.now()
            if not isinstance(message, str):
                _log.warning("the gateway sent a binary message; ignored")
                continue
            try:
                found = frames.parse(message)
            except BadMessage:
                await self._socket.close(1007, "not JSON")
                raise
            for frame in found:
                self._take(frame)
            self._is_reading = False
            await self._taker.until_taken()
            self._is_reading = True

    def _take(self, frame):
        kind = frame.get("type") if isinstance(frame, dict) else None
        if kind == "event" and checks.object_with(frame, event=str, payload=dict):
            self._taker.take_event(self, frame["event"], frame["payload"])
        elif kind == "res" and isinstance(frame.get("id"), (str, int)):
            self._take_answer(frame)
        elif kind == "req" and isinstance(frame.get("id"), (str, int, float)):
            params = frame.get("params", {})
            if frame.get("method") == "heartbeat":
                self.put(frames.answer(frame["id"], {}))
            elif isinstance(frame.get("method"), str) and isinstance(params, dict):
                self._taker.take_request(self, frame["id"], frame["method"], params)
            else:
                self.refuse(frame["id"], {"code": "INVALID_REQUEST", "message": "method and params are needed"})
        else:
            _log.warning("the gateway sent a frame that is none; ignored: %.200s", frame)

    def _take_answer(self, frame):
        call = self._calls.get(frame["id"])
        if call is None or call.done():
            return  # a heartbeat's, or one that came too late
        if frame.get("ok") is True and isinstance(frame.get("payload"), dict):
            if frame["id"] == _CONNECT_ID:
                self._taker.take_hello(self, frame["payload"])
            call.set_result(frame["payload"])
        else:
            error = frame.get("error") if isinstance(frame.get("error"), dict) else {}
            details = error.get("details") if isinstance(error.get("details"), dict) else {}
            call.set_exception(Refused(str(error.get("code", "INTERNAL")), str(error.get("message", "")),
                                       details=details))
