"""A relay between backend and gateway that can be cut at any byte, and that listens."""

import asyncio
import contextlib

from .tap import Tap


class Relay:
    def __init__(self, port_of):
        """port_of(): where to, asked at each connection."""
        self._port_of = port_of
        self._writers = set()
        self._tasks = set()
        self.taps = []  # one for each connection
        self.is_open = True  # False: nobody gets through

    async def start(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def _accept(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        self._writers.add(writer)
        try:
            if not self.is_open:
                return
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._port_of())
            self._writers.add(to_writer)
            tap = Tap()
            self.taps.append(tap)
            await asyncio.gather(self._copy(reader, to_writer, tap.to_gateway),
                                 self._copy(to_reader, writer, tap.to_backend))
            self._writers.discard(to_writer)
        except OSError:
            pass
        finally:
            writer.close()
            self._writers.discard(writer)
            self._tasks.discard(asyncio.current_task())

    async def _copy(self, reader, writer, messages):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                messages.feed(data)
                writer.write(data)
                await writer.drain()
        writer.close()

    def cut(self):
        """Both sides see their connection break; what is on its way is lost."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def stop(self):
        self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
