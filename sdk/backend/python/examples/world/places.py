"""Rooms and things: where everything is, and what a player sees of it."""

from gatehouse_backend import outputs

from .accounts import MAX_HP

TABLES = """
CREATE TABLE IF NOT EXISTS items(name TEXT PRIMARY KEY, room TEXT, holder TEXT);
"""
START = "hall"
ROOMS = {
    "hall": ("The Hall", "A stone hall. Dust dances in the light of one high window.", {"down": "cellar"}),
    "cellar": ("The Cellar", "It smells of wet straw, and something rustles in it.", {"up": "hall"}),
}
_ITEMS = (("lamp", "hall"), ("bread", "hall"), ("rope", "cellar"))


def setup(tx):
    tx.script(TABLES)
    for name, room in _ITEMS:
        tx.execute("INSERT OR IGNORE INTO items VALUES(?,?,NULL)", (name, room))


def room_of(tx, session):
    return tx.one("SELECT room FROM characters WHERE id=?", (session.character.id,))[0]


def who_is_here(tx, sessions, room):
    """Sessions whose character is in the room."""
    return [session for session in sessions if room_of(tx, session) == room]


def items_in(tx, room):
    return [row[0] for row in tx.execute("SELECT name FROM items WHERE room=? ORDER BY name", (room,))]


def items_of(tx, session):
    return [row[0] for row in
            tx.execute("SELECT name FROM items WHERE holder=? ORDER BY name", (session.character.id,))]


def look(tx, session, sessions):
    room = room_of(tx, session)
    name, description, exits = ROOMS[room]
    others = [other.character.name + (" (away)" if other.state == "disconnected" else "")
              for other in who_is_here(tx, sessions, room) if other is not session]
    monsters = [{"name": row[0], "hp": row[1]} for row in
                tx.execute("SELECT name, hp FROM monsters WHERE room=? AND hp>0", (room,))]
    session.output(outputs.room_description(name, description, sorted(exits), others + monsters, items_in(tx, room)))


def tell_position(session, room):
    session.changed("position", {"room": room, "name": ROOMS[room][0], "exits": sorted(ROOMS[room][2])})


def tell_inventory(tx, session):
    session.changed("inventory", {"items": items_of(tx, session)})


def tell_stats(tx, session):
    hp, xp = tx.one("SELECT hp, xp FROM characters WHERE id=?", (session.character.id,))
    session.changed("stats", {"hp": hp, "maxHp": MAX_HP, "xp": xp})
    session.prompt(f"{hp}/{MAX_HP} hp> ")


def move(tx, session, target):
    """To another room, without a word."""
    session.leave(room_of(tx, session))
    tx.execute("UPDATE characters SET room=? WHERE id=?", (target, session.character.id))
    session.join(target)
    tell_position(session, target)


def take(tx, session, name):
    """Whether it was there."""
    taken = tx.execute("UPDATE items SET room=NULL, holder=? WHERE name=? COLLATE NOCASE AND room=?",
                       (session.character.id, name, room_of(tx, session)))
    return taken.rowcount == 1


def drop(tx, session, name):
    dropped = tx.execute("UPDATE items SET room=?, holder=NULL WHERE name=? COLLATE NOCASE AND holder=?",
                         (room_of(tx, session), name, session.character.id))
    return dropped.rowcount == 1
