#!/usr/bin/env python3
"""The contract world in Python: what README.md beside this file says, and nothing more."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
from gatehouse_backend import Backend, Character, Refused, User, World, outputs  # noqa: E402

HALL = "hall"


class ContractWorld(World):
    allows_registration = True
    welcome = "The contract world."

    def __init__(self, db):
        self._db = db
        self._ready = 0

    def setup(self, tx):
        tx.script("""
            CREATE TABLE IF NOT EXISTS totals(character TEXT PRIMARY KEY, total INTEGER NOT NULL);
            CREATE TABLE IF NOT EXISTS characters(id TEXT PRIMARY KEY, user TEXT NOT NULL, name TEXT NOT NULL);
        """)

    def on_ready(self, sessions):
        print(json.dumps({"event": "ready", "sessions": sessions, "reconnects": self._ready}), flush=True)
        self._ready += 1

    # Logins.

    async def authenticate(self, login):
        if login.username == "slow":
            await asyncio.Event().wait()
        if login.username == "locked":
            raise Refused.account_locked()
        if login.password == "wrong":
            raise Refused.invalid_credentials()
        return User(f"u-{login.username.lower()}", login.username)

    async def register(self, login):
        return await self.authenticate(login)

    async def list_characters(self, user_id):
        name = user_id.removeprefix("u-")
        async with self.transaction() as tx:
            made = tx.execute("SELECT id, name FROM characters WHERE user=? ORDER BY id", (user_id,)).fetchall()
        return [Character(f"c-{name}", name[:1].upper() + name[1:])] + [Character(*row) for row in made]

    async def create_character(self, user_id, name, wanted):
        if not name:
            raise Refused.invalid("A name is needed.")
        if name == "Taken":
            raise Refused.name_taken()
        made = Character(f"c-{name.lower()}", name)
        async with self.transaction() as tx:
            tx.execute("INSERT OR REPLACE INTO characters VALUES(?,?,?)", (made.id, user_id, name))
        return made

    # Sessions.

    def on_entered(self, session, tx):
        session.join(HALL)

    def on_private(self, session, text, tx):
        session.output(f"hidden {len(text.encode())}")

    async def on_command(self, session, text, tx):
        word, _, rest = text.partition(" ")
        commands = {
            "echo": lambda: session.output(rest),
            "add": lambda: session.output(f"total {self._add(session, tx, int(rest))}"),
            "burst": lambda: self._burst(session, int(rest)),
            "all": lambda: tx.room_output(HALL, rest),
            "hidden": lambda: session.prompt("Secret: ", echo=False),
            "crash": lambda: self._crash(session, tx, rest),
            "room": lambda: session.output(outputs.room_description(
                "Hall", "A bare hall.", ["north"], [session.character.name], ["lamp"])),
            "fight": lambda: session.output(outputs.combat(session.character.name, "rat", "hits", 3, False)),
            "data": lambda: session.output(outputs.structured("World.Data", {"list": [1, 2, 3]}, "data")),
            "color": lambda: session.output(outputs.formatted("Grüße ", outputs.styled("red", fg=1, bold=True))),
            "system": lambda: session.output(outputs.system("system", level="info")),
            "stats": lambda: session.changed("stats", {"total": self._add(session, tx, 0)}),
            "kick": lambda: session.disconnect("Goodbye.", "kicked"),
        }
        if word == "who":
            session.output(f"state {(await session.get())['state']}")
        elif word in commands and self._is_right(word, rest):
            commands[word]()
        else:
            session.output(f"? {text}")

    @staticmethod
    def _is_right(word, rest):
        if word in ("add", "burst"):
            return rest.removeprefix("-").isdecimal() and rest.isascii()
        return rest in ("before", "after") if word == "crash" else True

    @staticmethod
    def _add(session, tx, amount):
        tx.execute("INSERT INTO totals VALUES(?,?) ON CONFLICT DO UPDATE SET total=total+excluded.total",
                   (session.character.id, amount))
        return tx.one("SELECT total FROM totals WHERE character=?", (session.character.id,))[0]

    @staticmethod
    def _burst(session, count):
        for i in range(1, count + 1):
            session.output(str(i))

    def _crash(self, session, tx, when):
        session.output(f"{when} {self._add(session, tx, 1)}")
        marker = f"{self._db}.crashed-{when}"
        if os.path.exists(marker):
            return
        open(marker, "w").close()
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        tx.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token-file", required=True)
    parser.add_argument("--db", required=True)
    parser.add_argument("--name", default="world")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    Backend(ContractWorld(options.db), url=options.url, token_file=options.token_file, name=options.name,
            db=options.db, client=("contract-world", "1.0")).run()


if __name__ == "__main__":
    main()
