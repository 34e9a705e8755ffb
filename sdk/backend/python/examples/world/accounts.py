"""Users and characters."""

import asyncio
import hashlib
import hmac
import re
import secrets

from gatehouse_backend import Character, Refused, User

TABLES = """
CREATE TABLE IF NOT EXISTS users(id TEXT PRIMARY KEY, name TEXT UNIQUE COLLATE NOCASE, salt BLOB, hash BLOB);
CREATE TABLE IF NOT EXISTS characters(id TEXT PRIMARY KEY, user TEXT NOT NULL, name TEXT UNIQUE COLLATE NOCASE,
  room TEXT NOT NULL, hp INTEGER NOT NULL, xp INTEGER NOT NULL);
"""
MOST_CHARACTERS = 5
MAX_HP = 20
_USER_NAME = re.compile(r"[A-Za-z0-9_-]{3,20}")
_CHARACTER_NAME = re.compile(r"[A-Za-z]{2,20}")
_NOBODY = (None, None, b"no such user, same cost", b"")


class Accounts:
    def __init__(self, world):
        self._world = world
        self._hashing = asyncio.Semaphore(2)  # 16 MiB and a core each

    async def authenticate(self, login):
        async with self._world.transaction() as tx:
            row = tx.one("SELECT id, name, salt, hash FROM users WHERE name=?", (login.username,))
        id, name, salt, expected = row or _NOBODY
        # Hashed for nobody too: how long it takes must not tell which names there are.
        if not hmac.compare_digest(await self._hash(login.password, salt), expected):
            raise Refused.invalid_credentials()
        return User(id, name)

    async def register(self, login):
        if not _USER_NAME.fullmatch(login.username):
            raise Refused.invalid("A name has 3 to 20 letters, digits, _ or -.")
        if not 8 <= len(login.password) <= 256:
            raise Refused.invalid("A password has 8 to 256 characters.")
        id, salt = f"u-{secrets.token_hex(8)}", secrets.token_bytes(16)
        hashed = await self._hash(login.password, salt)
        async with self._world.transaction() as tx:
            if tx.one("SELECT 1 FROM users WHERE name=?", (login.username,)):
                raise Refused.name_taken()
            tx.execute("INSERT INTO users VALUES(?,?,?,?)", (id, login.username, salt, hashed))
        return User(id, login.username)

    async def _hash(self, password, salt):
        async with self._hashing:
            return await asyncio.to_thread(hashlib.scrypt, password.encode(), salt=salt, n=2**14, r=8, p=1)

    async def characters(self, user_id):
        async with self._world.transaction() as tx:
            rows = tx.execute("SELECT id, name, xp FROM characters WHERE user=? ORDER BY name", (user_id,)).fetchall()
        return [Character(id, name, f"{xp} experience") for id, name, xp in rows]

    async def create(self, user_id, name, room):
        if not _CHARACTER_NAME.fullmatch(name):
            raise Refused.invalid("A character's name has 2 to 20 letters.")
        made = Character(f"c-{secrets.token_hex(8)}", name.capitalize())
        async with self._world.transaction() as tx:
            if tx.one("SELECT 1 FROM characters WHERE name=?", (name,)):
                raise Refused.name_taken()
            if tx.one("SELECT count(*) FROM characters WHERE user=?", (user_id,))[0] >= MOST_CHARACTERS:
                raise Refused.invalid(f"You have {MOST_CHARACTERS} characters already.")
            tx.execute("INSERT INTO characters VALUES(?,?,?,?,?,0)", (made.id, user_id, made.name, room, MAX_HP))
        return made
