"""The rat, and what happens to who meets it. A fight is a row: it goes on after a restart."""

import random
import time

from gatehouse_backend import outputs

from . import places
from .accounts import MAX_HP

TABLES = """
CREATE TABLE IF NOT EXISTS monsters(name TEXT PRIMARY KEY, room TEXT, hp INTEGER, max_hp INTEGER, back_at REAL);
CREATE TABLE IF NOT EXISTS fights(character TEXT PRIMARY KEY, monster TEXT);
"""
GONE_FOR = 30  # seconds that a killed monster stays away


def setup(tx):
    tx.script(TABLES)
    tx.execute("INSERT OR IGNORE INTO monsters VALUES('rat', 'cellar', 12, 12, 0)")


def begin(tx, session, name):
    """Whether there is such a monster here."""
    monster = tx.one("SELECT name FROM monsters WHERE name=? COLLATE NOCASE AND room=? AND hp>0",
                     (name, places.room_of(tx, session)))
    if monster:
        tx.execute("INSERT OR REPLACE INTO fights VALUES(?,?)", (session.character.id, monster[0]))
    return monster is not None


def end(tx, session):
    """Whether there was a fight."""
    return tx.execute("DELETE FROM fights WHERE character=?", (session.character.id,)).rowcount == 1


def tick(tx, sessions):
    """A round of every fight whose player is here, and monsters that come back."""
    back = tx.execute("SELECT name, room FROM monsters WHERE hp<=0 AND back_at<=?", (time.time(),)).fetchall()
    for name, room in back:
        tx.execute("UPDATE monsters SET hp=max_hp WHERE name=?", (name,))
        tx.room_output(room, f"A {name} crawls out of the straw.", delivery="drop")
    by_character = {session.character.id: session for session in sessions if session.state == "playing"}
    for character, monster in tx.execute("SELECT character, monster FROM fights").fetchall():
        if character in by_character:
            _round(tx, by_character[character], monster)


def _round(tx, session, monster):
    room = places.room_of(tx, session)
    here = tx.one("SELECT hp FROM monsters WHERE name=? AND room=?", (monster, room))
    if here is None or here[0] <= 0:
        end(tx, session)
        return
    damage, critical = _blow(2, 5)
    tx.room_output(room, outputs.combat(session.character.name, f"the {monster}", "hits", damage, critical))
    if here[0] <= damage:
        _kill(tx, session, monster, room)
    else:
        tx.execute("UPDATE monsters SET hp=hp-? WHERE name=?", (damage, monster))
        _strike_back(tx, session, monster, room)
    places.tell_stats(tx, session)


def _blow(least, most):
    critical = random.random() < 0.1
    return random.randint(least, most) * (2 if critical else 1), critical


def _kill(tx, session, monster, room):
    tx.execute("UPDATE monsters SET hp=0, back_at=? WHERE name=?", (time.time() + GONE_FOR, monster))
    tx.execute("DELETE FROM fights WHERE monster=?", (monster,))
    tx.execute("UPDATE characters SET xp=xp+10 WHERE id=?", (session.character.id,))
    tx.room_output(room, outputs.formatted(f"{session.character.name} has killed the ",
                                           outputs.styled(monster, fg=1, bold=True), "."))


def _strike_back(tx, session, monster, room):
    damage, critical = _blow(1, 3)
    tx.room_output(room, outputs.combat(f"The {monster}", session.character.name, "bites", damage, critical))
    tx.execute("UPDATE characters SET hp=max(0, hp-?) WHERE id=?", (damage, session.character.id))
    if tx.one("SELECT hp FROM characters WHERE id=?", (session.character.id,))[0] == 0:
        end(tx, session)
        tx.execute("UPDATE characters SET hp=? WHERE id=?", (MAX_HP, session.character.id))
        tx.room_output(room, f"{session.character.name} faints and is carried away.", exclude=[session])
        places.move(tx, session, places.START)
        session.output(outputs.system("You faint. Somebody carries you upstairs and mends you.", level="warning"))
