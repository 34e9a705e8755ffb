"""A player with gateway.v1 over WebSocket."""

import asyncio
import json

import websockets

from .gateway import PATIENCE
from .numbered import Numbered
from .player import Ended


_OVER = (1000, 1008, 4000, 4001)  # a client does not come back by itself


class V1Player(Numbered):
    def __init__(self, gateway, name, seed=0):
        super().__init__(gateway, name, seed)
        self._socket = None
        self._to_send = asyncio.Event()
        self._sent_up_to = 0
        self._calls = {}  # id: clientSeq, or the future of a request
        self._last_id = 0
        self._again_at = None

    async def _one_connection(self):
        try:
            async with websockets.connect(f"ws://127.0.0.1:{self.gateway.http_port}/ws", subprotocols=["gateway.v1"],
                                          compression=None, ping_interval=None, max_size=1 << 24, max_queue=None,
                                          open_timeout=PATIENCE, close_timeout=1) as socket:
                await self._run(socket)
        except websockets.WebSocketException as error:
            self.is_over = isinstance(error, websockets.ConnectionClosed) and error.code in _OVER
            raise Ended(str(error)) from None

    async def _run(self, socket):
        self._calls.clear()
        self._again_at = None
        await socket.send(self._request("connect", self.connect_params(), None))
        async with asyncio.timeout(PATIENCE):
            frames = _frames(await socket.recv())
        self.take_hello(frames[0])
        self._socket = socket
        self._sent_up_to = self.answered
        self._to_send.set()
        tasks = [asyncio.create_task(part) for part in (self._send(socket), self._acknowledge(socket))]
        self.came_in()
        try:
            for frame in frames[1:]:
                self._take(frame)
            async for message in socket:
                for frame in _frames(message):
                    self._take(frame)
            self.is_over = socket.close_code == 1000
        finally:
            self._socket = None
            for call in self._calls.values():
                if isinstance(call, asyncio.Future) and not call.done():
                    call.set_exception(Ended())
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            for result in results:
                if isinstance(result, Exception) and not isinstance(result, (websockets.WebSocketException, OSError)):
                    raise result

    def _request(self, method, params, call):
        self._last_id += 1
        self._calls[str(self._last_id)] = call
        return json.dumps({"type": "req", "id": str(self._last_id), "method": method, "params": params})

    def _take(self, frame):
        if frame["type"] == "event":
            self.take_event(frame)
            return
        call = self._calls.pop(frame["id"], None)
        if isinstance(call, asyncio.Future):
            call.set_result(frame)
        elif call is not None:
            again = self.take_answer(call, frame)
            if again is not None and self._again_at is None:
                self._again_at = asyncio.get_running_loop().call_later(max(again, 0.02), self._send_again)

    async def call(self, method, params):
        """Any request; its answer, as it came."""
        answer = asyncio.get_running_loop().create_future()
        await self._socket.send(self._request(method, params, answer))
        async with asyncio.timeout(PATIENCE):
            return await answer

    async def say(self, text):
        """Without a number, as one types into a hidden prompt."""
        return await self.call("command", {"text": text})

    # Commands: in one array what there is.

    def wake_sender(self):
        self._to_send.set()

    def _send_again(self):
        self._again_at = None
        self._sent_up_to = self.answered
        self._to_send.set()

    async def _send(self, socket):
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            due = [seq for seq in self.sent if seq > self._sent_up_to]
            for i in range(0, len(due), 200):
                frames = [self._request("command", self.command_params(seq), seq) for seq in due[i:i + 200]]
                self._sent_up_to = due[min(i + 200, len(due)) - 1]
                await socket.send(frames[0] if len(frames) == 1 else f"[{','.join(frames)}]")

    async def _acknowledge(self, socket):
        while True:
            params = self.take_acknowledgement()
            if params:
                await socket.send(self._request("ack", params, None))
            await asyncio.sleep(1)

    def cut(self):
        """The connection breaks, from this side."""
        if self._socket:
            self._socket.transport.abort()


def _frames(message):
    value = json.loads(message)
    return value if isinstance(value, list) else [value]
