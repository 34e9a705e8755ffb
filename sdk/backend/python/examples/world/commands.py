"""What a player may type. Each command is a function (world, session, tx, rest)."""

from gatehouse_backend import outputs

from . import fight, places

HELP = """look, up, down, take THING, drop THING, inventory
say TEXT, tell NAME TEXT, who
kill MONSTER, flee, score, save, quit"""


def look(world, session, tx, rest):
    places.look(tx, session, world.sessions)


def go(world, session, tx, rest):
    room = places.room_of(tx, session)
    target = places.ROOMS[room][2].get(rest)
    if target is None:
        session.output("You cannot go there.")
        return
    if fight.end(tx, session):
        session.output("You run from the fight.")
    name = session.character.name
    tx.room_output(room, f"{name} goes {rest}.", delivery="drop", exclude=[session])
    tx.room_output(target, f"{name} comes in.", delivery="drop", exclude=[session])
    places.move(tx, session, target)
    places.look(tx, session, world.sessions)


def take(world, session, tx, rest):
    if places.take(tx, session, rest):
        tx.room_output(places.room_of(tx, session), f"{session.character.name} takes the {rest}.", exclude=[session])
        session.output(f"You take the {rest}.")
        places.tell_inventory(tx, session)
    else:
        session.output(f"There is no {rest or 'such thing'} here.")


def drop(world, session, tx, rest):
    if places.drop(tx, session, rest):
        tx.room_output(places.room_of(tx, session), f"{session.character.name} drops the {rest}.", exclude=[session])
        session.output(f"You drop the {rest}.")
        places.tell_inventory(tx, session)
    else:
        session.output(f"You have no {rest or 'such thing'}.")


def inventory(world, session, tx, rest):
    held = places.items_of(tx, session)
    session.output("You carry: " + ", ".join(held) if held else "You carry nothing.")


def say(world, session, tx, rest):
    if rest:
        tx.room_output(places.room_of(tx, session), f"{session.character.name} says: {rest}", exclude=[session])
        session.output(f"You say: {rest}")


def tell(world, session, tx, rest):
    name, _, text = rest.partition(" ")
    for other in world.sessions:
        if other.character.name.casefold() == name.casefold() and text:
            other.output(f"{session.character.name} tells you: {text}")
            session.output(f"You tell {other.character.name}: {text}")
            return
    session.output("Whom, and what?" if not text else f"There is no {name} here.")


def who(world, session, tx, rest):
    lines = [one.character.name + (" (away)" if one.state == "disconnected" else "") for one in world.sessions]
    session.output("\n".join(sorted(lines)))


def kill(world, session, tx, rest):
    if fight.begin(tx, session, rest):
        session.output(f"You attack the {rest}.")
    else:
        session.output(f"There is no {rest or 'such monster'} here.")


def flee(world, session, tx, rest):
    session.output("You step back." if fight.end(tx, session) else "Nobody fights you.")


def score(world, session, tx, rest):
    hp, xp = tx.one("SELECT hp, xp FROM characters WHERE id=?", (session.character.id,))
    session.output(outputs.structured("Char.Score", {"hp": hp, "xp": xp}, f"{hp} hit points, {xp} experience"))


def save(world, session, tx, rest):
    session.output(outputs.system("Nothing to do: whatever you see has been saved."))


def quit(world, session, tx, rest):
    session.disconnect("Goodbye.")


def show_help(world, session, tx, rest):
    session.output(HELP)


COMMANDS = {
    "look": look, "l": look, "go": go, "take": take, "get": take, "drop": drop, "inventory": inventory, "i": inventory,
    "say": say, "tell": tell, "who": who, "kill": kill, "attack": kill, "flee": flee, "score": score, "save": save,
    "quit": quit, "help": show_help, "?": show_help,
}
_DIRECTIONS = {"up": "up", "u": "up", "down": "down", "d": "down"}


def carry_out(world, session, tx, text):
    word, _, rest = text.strip().partition(" ")
    word, rest = word.casefold(), rest.strip()
    if word in _DIRECTIONS and not rest:
        word, rest = "go", _DIRECTIONS[word]
    if word in COMMANDS:
        COMMANDS[word](world, session, tx, rest)
    elif word:
        session.output(f"You do not know how to {word}. Try help.")
