"""The gateway's end of the link, as far as a test plays it: a real WebSocket on loopback.

Nothing happens by itself except that connect is answered (unless told otherwise). A test takes connections with
accept(), says what the gateway says, and waits for what the backend says.
"""

import asyncio
import json

import websockets

PATIENCE = 60  # seconds; a deadline for what must come, never a wait for what may


class FakeGateway:
    def __init__(self):
        self._connections = asyncio.Queue()
        self.connects = []  # params of each connect

    async def start(self, path=None):
        options = dict(compression=None, ping_interval=None, max_size=1 << 20)
        if path:
            self._server = await websockets.unix_serve(self._serve, path, **options)
            self.url = f"unix:{path}"
        else:
            self._server = await websockets.serve(self._serve, "127.0.0.1", 0, **options)
            self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def stop(self):
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, socket, path):
        peer = Peer(socket, path)
        self._connections.put_nowait(peer)
        await peer.read()

    async def accept(self):
        """The next connection, before anything has been answered."""
        async with asyncio.timeout(PATIENCE):
            peer = await self._connections.get()
        peer.hello_params = await peer.next_request("connect")
        self.connects.append(peer.hello_params["params"])
        return peer

    async def link(self, *sessions, n=0, policy=None):
        """Accepts, and tells of sessions: dicts as session_block makes them, each with commands behind it."""
        peer = await self.accept()
        peer.say_hello(n, policy)
        for block, *commands in sessions:
            peer.event("session.reconnected", block)
            for seq, text in commands:
                peer.command(block["session"], seq, text)
        peer.event("link.ready", {"sessions": len(sessions)})
        return peer


def session_block(session, n=0, cause="link", name="Anna", rooms=()):
    block = {**entered_block(session, name), "state": "playing", "cause": cause}
    return block if cause == "player" else {**block, "rooms": list(rooms), "n": n}


def entered_block(session, name="Anna"):
    return {"session": session, "user": {"id": f"u-{name}", "name": name.lower(), "guest": False, "plain": False},
            "character": {"id": f"c-{name}", "name": name}}


class Peer:
    def __init__(self, socket, path):
        self._socket = socket
        self._sending = asyncio.Queue()
        self._frames = []  # not looked at yet
        self._came = asyncio.Condition()
        self.path = path
        self.messages = []  # as they came
        self.is_closed = False

    async def read(self):
        writing = asyncio.create_task(self._write())
        try:
            async for message in self._socket:
                self.messages.append(message)
                value = json.loads(message)
                async with self._came:
                    self._frames += value if isinstance(value, list) else [value]
                    self._came.notify_all()
        except websockets.ConnectionClosed:
            pass
        finally:
            writing.cancel()
            async with self._came:
                self.is_closed = True
                self._came.notify_all()

    async def _write(self):
        while True:
            await self._socket.send(await self._sending.get())

    # What the gateway says.

    def send(self, *frames):
        self.send_text(json.dumps(frames[0] if len(frames) == 1 else frames))

    def send_text(self, text):
        self._sending.put_nowait(text)

    def event(self, name, payload):
        self.send({"type": "event", "event": name, "payload": payload})

    def command(self, session, seq, text):
        self.event("command", {"session": session, "seq": seq, "text": text})

    def request(self, id, method, params):
        self.send({"type": "req", "id": id, "method": method, "params": params})

    def answer(self, id, payload):
        self.send({"type": "res", "id": id, "ok": True, "payload": payload})

    def refuse(self, id, error):
        self.send({"type": "res", "id": id, "ok": False, "error": error})

    def error(self, code, session=None, n=None, event="session.output", **error):
        about = {"session": session, "n": n}
        self.event("link.error", {"error": {"code": code, "message": "", **error}, "event": event,
                                  **{name: value for name, value in about.items() if value is not None}})

    def say_hello(self, n=0, policy=None):
        self.answer(self.hello_params["id"], {
            "protocol": 1, "server": {"version": "0", "gatewayId": "g", "connId": "c"},
            "auth": {"role": "backend", "capabilities": []}, "link": {"n": n},
            "policy": {"maxPayload": 65536, "heartbeatMs": 30000, "callTimeoutMs": 30000, "maxQueued": 1000,
                       **(policy or {})}})

    async def close(self, code=1000):
        await self._socket.close(code)

    # What the backend says.

    async def next(self, wanted, what):
        """Takes the first frame that fits, now or when it comes; others stay."""
        async with asyncio.timeout(PATIENCE), self._came:
            while True:
                for i, frame in enumerate(self._frames):
                    if wanted(frame):
                        return self._frames.pop(i)
                if self.is_closed:
                    raise AssertionError(f"the backend has gone without {what}; it said {self._frames}")
                await self._came.wait()

    async def next_event(self, name):
        return await self.next(lambda frame: frame.get("event") == name, name)

    async def next_request(self, method):
        return await self.next(lambda frame: frame.get("method") == method, method)

    async def next_answer(self, id):
        return await self.next(lambda frame: frame["type"] == "res" and frame["id"] == id, f"an answer to {id}")

    async def texts(self, count):
        """(n, text) of the next session.outputs."""
        found = [await self.next_event("session.output") for _ in range(count)]
        return [(frame.get("n"), frame["payload"]["output"]["text"]) for frame in found]

    async def acked(self, session, seq):
        return await self.next(lambda frame: frame.get("event") == "command.ack" and
                               frame["payload"] == {"session": session, "seq": seq}, f"command.ack {seq}")

    def seen(self, name):
        """Events of that name that came and were not taken."""
        return [frame for frame in self._frames if frame.get("event") == name]

    async def closed(self):
        async with asyncio.timeout(PATIENCE), self._came:
            while not self.is_closed:
                await self._came.wait()
        return self._socket.close_code
