"""Which sessions there are, and what the gateway tells of them.

A session is here from the first time it is told of until its end is told, over restarts: its seq must outlive
anything that may give its commands again. Rows change within the transaction; what is over leaves memory after the
commit.
"""

from . import checks
from .session import Character, Session, User


class Roster:
    """tell(tx, handler, session, ...) calls a handler of the world's in a step of its own."""

    def __init__(self, backend, world, store, delivery, clock, forget_after, tell):
        self._backend = backend
        self._world = world
        self._store = store
        self._delivery = delivery
        self._clock = clock
        self._forget_after = forget_after
        self._tell = tell
        self._told_saved_at = clock.today()
        self.sessions = {}
        self.events = {
            "session.entered": self._entered, "session.reconnected": self._reconnected,
            "session.disconnected": self._disconnected, "session.closed": self._closed,
        }
        for id, user, character, seq, count, told_at in store.sessions():
            self._add(Session(backend, id, _user(user), _character(character, user), seq, count)).told_at = told_at

    def find(self, tx, payload):
        """The session that a payload names, unless it is unknown or over."""
        session = self.sessions.get(payload.get("session")) if isinstance(payload.get("session"), str) else None
        is_there = session and session.met_in in (None, tx) and session.stream not in tx.forgotten
        return session if is_there else None

    def _add(self, session):
        self.sessions[session.id] = session
        self._delivery.streams[session.id] = session.stream
        return session

    def _met(self, tx, payload, seq, count):
        """A session that is new here, with its row. If the transaction fails it has never been met."""
        session = self._add(Session(self._backend, payload["session"], _user(payload["user"]),
                                    _character(payload.get("character"), payload["user"]), seq, count))
        session.met_in = tx
        tx.on_commit(lambda: setattr(session, "met_in", None))
        session.told_at = self._clock.today()
        self._store.save_session(session.id, payload["user"], payload.get("character"), seq, count, session.told_at)
        return session

    async def _entered(self, tx, connection, payload):
        if not _names_a_session(payload):
            raise ValueError("session.entered without a session or user")
        before = self.find(tx, payload)
        if before:
            await self.forget(tx, before, "missed")  # its end was never told
        session = self._met(tx, payload, before.seq if before else 0, 0)  # seq never falls
        session.state = "playing"
        self._delivery.entered(tx, connection, session.stream)
        await self._tell(tx, self._world.on_entered, session, tx)

    async def _reconnected(self, tx, connection, payload):
        cause = payload.get("cause")
        is_served = cause != "player"  # with the cause player neither n nor rooms are told: nothing of them has changed
        if not _names_a_session(payload) or (is_served and not checks.object_with(payload, n=int)):
            raise ValueError("session.reconnected without a session, user or n")
        session = self.find(tx, payload)
        if session is None and not is_served:
            return  # comes as soon as it is served
        is_new = session is None
        if is_new:
            session = self._met(tx, payload, 0, payload["n"])
        if is_served:
            self._delivery.told(tx, connection, session.stream, payload["n"])
            session.told_at = self._clock.today()
            self._store.save_told({session.id: session.told_at})
            session.rooms = [room for room in payload.get("rooms") or [] if isinstance(room, str)]
        session.state = "disconnected" if payload.get("state") == "disconnected" else "playing"
        if is_new:
            await self._tell(tx, self._world.on_entered, session, tx)
        else:
            await self._tell(tx, self._world.on_reconnected, session, cause, tx)

    async def _disconnected(self, tx, connection, payload):
        session = self.find(tx, payload)
        if session:
            session.state = "disconnected"
            await self._tell(tx, self._world.on_disconnected, session, str(payload.get("reason", "")), tx)

    async def _closed(self, tx, connection, payload):
        session = self.find(tx, payload)
        if session:
            await self.forget(tx, session, str(payload.get("reason", "")))

    async def forget(self, tx, session, reason):
        await self._tell(tx, self._world.on_closed, session, reason, tx)
        tx.forget(session)

        def gone():
            session.state = "closed"
            session.stream.is_live = False
            for known, value in ((self.sessions, session), (self._delivery.streams, session.stream)):
                if known.get(session.id) is value:
                    del known[session.id]
        tx.on_commit(gone)

    def told_until_now(self):
        """Of the live ones: told of once, and known ever since. Returns {session id: told_at}, to be saved."""
        now = self._clock.today()
        live = [session for session in self.sessions.values() if session.stream.is_live]
        for session in live:
            session.told_at = now
        return {session.id: now for session in live}

    def save_told(self, tx):
        """Now and then while a link lasts: a power cut does not tell when it ended."""
        now = self._clock.today()
        if now - self._told_saved_at >= self._forget_after / 7:
            self._store.save_told(self.told_until_now())
            tx.on_commit(lambda: setattr(self, "_told_saved_at", now))

    async def forget_old(self, tx):
        """Nobody says which sessions ended while this program was away, and one that is not told may come back
        restored with commands: it is kept for long enough."""
        before = self._clock.today() - self._forget_after
        for session in list(self.sessions.values()):
            if session.told_at < before and not session.stream.is_live:
                await self.forget(tx, session, "expired")


def _names_a_session(payload):
    return checks.object_with(payload, session=str, user=dict) and checks.object_with(payload["user"], id=str, name=str)


def _user(told):
    return User(told["id"], told["name"], bool(told.get("plain")), bool(told.get("guest")))


def _character(told, user):
    if not checks.object_with(told, id=str, name=str):
        told = user  # no characters: everybody plays as their user
    return Character(told["id"], told["name"], str(told.get("summary") or ""))
