"""A player's session, as handlers see it, and what is counted for it."""

from dataclasses import dataclass

from . import checks
from .outputs import as_output


@dataclass(frozen=True)
class User:
    id: str
    name: str
    plain: bool = False  # wants plain output (screen reader)
    guest: bool = False


@dataclass(frozen=True)
class Character:
    id: str
    name: str
    summary: str = ""  # one line for lists


class Stream:
    """The counted frames of one session, or of none (key ""): 1..count are numbered, 1..sent are on their way."""

    def __init__(self, key, count=0):
        self.key = key
        self.count = count
        self.sent = 0
        self.is_live = False  # the gateway has told of it on this connection
        self.is_paused = False  # asked to wait before more is sent
        self.refused_up_to = 0  # frames sent before a go-back: each of them is refused still, up to this n


class Session:
    """Made by the library. Everything that sends needs an open transaction: that of the handler, or your own."""

    def __init__(self, backend, id, user, character, seq=0, count=0):
        self._backend = backend
        self.id = id
        self.user = user
        self.character = character
        self.seq = seq  # the last command carried out
        self.state = "disconnected"  # or playing; closed once it is over
        self.rooms = []  # as the gateway told when it last came back
        self.told_at = 0.0
        self.met_in = None  # the transaction in which it was met, until that is committed
        self.stream = Stream(id, count)

    def __repr__(self):
        return f"<Session {self.id} {self.character.name}>"

    def output(self, output, delivery="must", counted=True):
        """output: a string or one of outputs. counted=False, for delivery "drop" alone: now or never, at most once."""
        payload = {"session": self.id, "output": as_output(output)}
        if delivery != "must":
            payload["delivery"] = checks.delivery(delivery)
        if not counted and delivery != "drop":
            raise ValueError("only delivery='drop' may go uncounted: anything else would be lost at a reconnect")
        self._backend.send(self, "session.output", payload, counted)

    def prompt(self, text, echo=True):
        """echo=False: the next line is hidden, and comes to on_private instead of on_command."""
        payload = {"session": self.id, "text": text}
        if not echo:
            payload["echo"] = False
        self._backend.send(self, "session.prompt", payload)

    def changed(self, update_type, value):
        """entity.changed: stats, position, inventory, equipment, statusEffects or custom; only the newest counts."""
        payload = {"session": self.id, "updateType": checks.update_type(update_type), "data": value}
        self._backend.send(self, "entity.changed", payload)

    def join(self, room):
        self._backend.send(self, "room.join", {"session": self.id, "room": checks.room(room)})

    def leave(self, room):
        self._backend.send(self, "room.leave", {"session": self.id, "room": checks.room(room)})

    def set_plain(self, plain):
        self._backend.send(self, "session.plain", {"session": self.id, "plain": bool(plain)})

    def disconnect(self, text=None, reason=None):
        """Ends the session."""
        payload = {"session": self.id}
        if reason is not None:
            payload["reason"] = reason
        if text is not None:
            payload["text"] = text
        self._backend.send(self, "session.disconnect", payload)

    async def get(self):
        """What the gateway says of it: id, state, user, character, rooms (names), connections (how many), protocol (the
        channel that made it). Raises Refused, LinkDown, TimeoutError."""
        answer = await self._backend.ask("session.get", {"session": self.id})
        return answer.get("session", {})
