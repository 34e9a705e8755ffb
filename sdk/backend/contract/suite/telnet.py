"""A player at a terminal: lines, no numbers. It reads whatever has come before it minds that a connection is gone."""

import asyncio
import re
import socket

from .gateway import PATIENCE
from .player import Ended, Player

_NO_TEXT = re.compile(rb"\xff\xfa.*?\xff\xf0|\xff[\xfb-\xfe].|\xff[\xf0-\xf9]|\x1b\[[0-9;?]*[A-Za-z]|[\r\0]", re.DOTALL)
_WHICH = 'Which one (number or name, or "new")? '
_UNFINISHED = re.compile(rb"\xff(\xfa.*|[\xfb-\xfe])?\xff?\Z|\x1b(\[[0-9;?]*)?\Z", re.DOTALL)


class TelnetPlayer(Player):
    """typed: lines that were sent, in order; each may have been lost on its way, none is ever sent twice."""

    def __init__(self, gateway, name, seed=0):
        super().__init__(gateway, name, seed)
        self.typed = []
        self._socket = None
        self._pending = b""
        self._text = ""  # of the line that is not complete

    async def _one_connection(self):
        loop = asyncio.get_running_loop()
        self._pending, self._text = b"", ""
        with socket.socket() as connection:
            connection.setblocking(False)
            await loop.sock_connect(connection, ("127.0.0.1", self.gateway.telnet_port))
            await self._answer(connection, "Name: ", self.name)
            await self._answer(connection, "Password: ", self.password)
            await self._answer(connection, f"Welcome, {self.name}.\n", None)
            self._socket = connection
            self.came_in()
            try:
                while True:
                    self._take_lines()
                    if self._text.endswith(_WHICH):  # the backend went away while the character was asked for
                        self._text = ""
                        await loop.sock_sendall(connection, b"1\r\n")
                    await self._receive(connection)
            finally:
                self._socket = None

    async def _receive(self, connection):
        data = await asyncio.get_running_loop().sock_recv(connection, 65536)
        if not data:
            raise Ended("closed")
        data = self._pending + data
        cut = _UNFINISHED.search(data)
        self._pending = data[cut.start():] if cut else b""
        self._text += _NO_TEXT.sub(b"", data[:cut.start()] if cut else data).decode("utf-8", "replace")

    async def _answer(self, connection, question, answer):
        async with asyncio.timeout(PATIENCE):
            while question not in self._text:
                if "Name: " in self._text:  # asked again: the login was refused
                    raise Ended(self._text)
                await self._receive(connection)
        self._text = self._text.split(question, 1)[1]
        if answer is not None:
            await asyncio.get_running_loop().sock_sendall(connection, f"{answer}\r\n".encode())

    def _take_lines(self):
        *lines, self._text = self._text.split("\n")
        for line in lines:
            self.note("line", {"text": line})
        self._wake()  # a prompt ends no line

    def describe(self):
        return f"{super().describe()}, typed {len(self.typed)} lines, the unfinished line is {self._text!r}"

    async def do(self, text):
        await self.until(self.is_in.is_set, "to be in")
        await self.type(text)

    async def type(self, line):
        """False: there is no connection; otherwise it may arrive."""
        if not self._socket:
            return False
        self.typed.append(line)
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, f"{line}\r\n".encode())
        except OSError:
            pass  # what has come is read first
        return True

    @property
    def unfinished(self):
        """What stands behind the last line: a prompt."""
        return self._text

    def cut(self):
        if self._socket:
            self._socket.shutdown(socket.SHUT_RDWR)
