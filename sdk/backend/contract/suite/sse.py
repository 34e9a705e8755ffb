"""A player with Server-Sent Events and POST /rpc: one request at a time."""

import asyncio
import contextlib
import json

from .gateway import PATIENCE
from .numbered import Numbered
from .player import Ended


class SsePlayer(Numbered):
    def __init__(self, gateway, name, seed=0):
        super().__init__(gateway, name, seed)
        self._to_send = asyncio.Event()
        self._stream = None

    async def _one_connection(self):
        rpc = _Rpc(self.gateway.http_port)
        tasks = []
        try:
            self.take_hello(await rpc.call("connect", self.connect_params(), None))
            epoch, seq = self.position
            reader, self._stream = await asyncio.open_connection("127.0.0.1", self.gateway.http_port)
            self._stream.write((f"GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: {epoch}.{seq}\r\n"
                                f"Authorization: Bearer {self.access_token}\r\n\r\n").encode())
            head = await _head(reader)
            if not head.startswith("HTTP/1.1 200"):
                raise Ended(head)
            self._to_send.set()
            self.came_in()
            tasks = [asyncio.create_task(self._read(reader)), asyncio.create_task(self._send(rpc))]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            rpc.close()
            if self._stream:
                self._stream.transport.abort()
                self._stream = None

    async def _read(self, reader):
        event = {}
        while line := (await reader.readline()).decode():
            line = line.rstrip("\r\n")
            if not line:
                self._take(event)
                event = {}
                continue
            field, _, value = line.partition(": ")
            event[field] = f"{event['data']}\n{value}" if field == "data" and "data" in event else value
        raise Ended("the stream has ended")

    def _take(self, event):
        if "event" not in event:
            return  # a comment, or retry
        frame = {"event": event["event"], "payload": json.loads(event["data"])}
        if "id" in event:
            epoch, seq = event["id"].split(".")
            frame |= {"epoch": int(epoch), "seq": int(seq)}
        if event["event"] == "closed":
            raise Ended(event["data"])
        self.take_event(frame)

    def wake_sender(self):
        self._to_send.set()

    async def _send(self, rpc):
        loop = asyncio.get_running_loop()
        acknowledge_at = loop.time()
        while True:
            seq = min(self.sent, default=None)
            if seq is not None:
                again = self.take_answer(seq, await rpc.call("command", self.command_params(seq), self.access_token))
                if again is not None:
                    await asyncio.sleep(max(again, 0.02))
            else:
                self._to_send.clear()
                with contextlib.suppress(TimeoutError):  # wait_for() before Python 3.12 may swallow a cancellation
                    async with asyncio.timeout_at(max(acknowledge_at, loop.time() + 0.01)):
                        await self._to_send.wait()
            if loop.time() >= acknowledge_at:
                acknowledge_at = loop.time() + 1
                self.conn_id = None  # each request with the new access token confirms it
                params = self.take_acknowledgement()
                if params:
                    await rpc.call("ack", params, self.access_token)

    def cut(self):
        if self._stream:
            self._stream.transport.abort()


class _Rpc:
    """One connection that is kept open."""

    def __init__(self, port):
        self._port = port
        self._reader = self._writer = None
        self._last_id = 0

    async def call(self, method, params, access_token):
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._last_id += 1
        body = json.dumps({"type": "req", "id": self._last_id, "method": method, "params": params}).encode()
        bearer = f"Authorization: Bearer {access_token}\r\n" if access_token else ""
        self._writer.write(f"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{bearer}"
                           f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        async with asyncio.timeout(PATIENCE):
            head = await _head(self._reader)
            length = next(int(line.split(":")[1]) for line in head.split("\r\n")
                          if line.lower().startswith("content-length:"))
            answer = json.loads(await self._reader.readexactly(length))
        if answer.get("type") != "res":
            raise Ended(f"{head.splitlines()[0]} {answer}")
        if "connection: close" in head.lower():
            self.close()
        return answer

    def close(self):
        if self._writer:
            self._writer.transport.abort()
            self._reader = self._writer = None


async def _head(reader):
    async with asyncio.timeout(PATIENCE):
        return (await reader.readuntil(b"\r\n\r\n")).decode()
