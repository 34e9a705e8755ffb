"""The World: hands each event to the module that knows about it."""

import asyncio

from gatehouse_backend import World, outputs

from . import accounts, commands, fight, places


class TwoRooms(World):
    allows_registration = True
    welcome = "Welcome to the Two Rooms."

    def __init__(self, tick=2.0):
        self._tick = tick
        self._accounts = accounts.Accounts(self)

    def setup(self, tx):
        tx.script(accounts.TABLES)
        places.setup(tx)
        fight.setup(tx)

    async def background(self):
        while True:
            await asyncio.sleep(self._tick)
            if self.backend.is_connected:  # a fight that nobody can see waits
                async with self.transaction() as tx:
                    fight.tick(tx, self.sessions)

    # Logins.

    async def authenticate(self, login):
        return await self._accounts.authenticate(login)

    async def register(self, login):
        return await self._accounts.register(login)

    async def list_characters(self, user_id):
        return await self._accounts.characters(user_id)

    async def create_character(self, user_id, name, wanted):
        return await self._accounts.create(user_id, name, places.START)

    # Sessions.

    def on_entered(self, session, tx):
        room = places.room_of(tx, session)
        session.join(room)
        tx.room_output(room, f"{session.character.name} wakes up.", delivery="drop", exclude=[session])
        session.output(outputs.system(f"Welcome, {session.character.name}. Try help.", level="info"))
        places.look(tx, session, self.sessions)
        places.tell_position(session, room)
        places.tell_inventory(tx, session)
        places.tell_stats(tx, session)

    def on_reconnected(self, session, cause, tx):
        room = places.room_of(tx, session)
        if room not in session.rooms:  # the gateway has crashed before it was written down
            session.join(room)
        places.tell_stats(tx, session)

    def on_closed(self, session, reason, tx):
        fight.end(tx, session)
        tx.room_output(places.room_of(tx, session), f"{session.character.name} falls asleep.", delivery="drop",
                       exclude=[session])

    def on_command(self, session, text, tx):
        commands.carry_out(self, session, tx, text)
        places.tell_stats(tx, session)
