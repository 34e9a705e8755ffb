"""What an author writes: a World answers logins and carries out commands.

Any handler may be a plain method or `async def`. Those with a `tx` run inside a transaction, one at a time: what they
change and send is committed together, or not at all if they raise. Be quick in them; everybody waits.
"""

from . import outputs
from .errors import Refused


class World:
    has_characters = True  # False: everybody plays as their user
    allows_registration = False
    allows_guests = False
    welcome = ""  # shown before login; at most 4 KiB

    backend = None  # set before anything is called

    def transaction(self):
        """A transaction of your own, for ticks and logins: `async with self.transaction() as tx:`. There is one at a
        time: a task made within another one's waits until that is over, so do not await such a task in there."""
        return self.backend.transaction()

    @property
    def sessions(self):
        """The sessions that play, also those kept from before a restart."""
        return self.backend.sessions

    # Start.

    def setup(self, tx):
        """Create your tables here (IF NOT EXISTS)."""

    async def background(self):
        """Runs beside the link from its first link.ready on: combat, weather. If it raises, it is started again."""

    def on_ready(self, sessions):
        """The link is up, for the first time or again; `sessions` have been told."""

    # Logins. No transaction is open here; raise Refused to say no.

    def authenticate(self, login):
        """login: session, username, password, address. Returns a User."""
        raise Refused.invalid_credentials()

    def register(self, login):
        raise Refused("FORBIDDEN", "Nobody can register here.", "registrationClosed")

    def guest(self, login):
        """login.username and password are empty."""
        raise Refused.permission_denied("Guests are not welcome here.")

    def list_characters(self, user_id):
        """Returns the Characters of a user."""
        return []

    def create_character(self, user_id, name, wanted):
        """wanted: what else the client sent (race, class, attributes, description, metadata). Returns a Character."""
        raise Refused.permission_denied("Characters cannot be made here.")

    async def select_character(self, user_id, character):
        """character: an id or a name. May this user play it? Returns the Character."""
        found = await self.backend.call(self.list_characters, user_id)
        for one in found:
            if character == one.id:
                return one
        for one in found:
            if character.casefold() == one.name.casefold():
                return one
        raise Refused.not_found()

    # Sessions.

    def on_entered(self, session, tx):
        """It plays now. Called once for a visit, also if it began while this program was away."""

    def on_reconnected(self, session, cause, tx):
        """cause: link (this connection serves it), player (they came back), restored (the gateway came back)."""

    def on_disconnected(self, session, reason, tx):
        """The player has no connection; what you send goes into their log."""

    def on_closed(self, session, reason, tx):
        """It is over; nothing can be sent to it any more. It may be told late. reason "timeout": the player has been
        away for long; if they come back after all, on_entered is called again."""

    def on_command(self, session, text, tx):
        """Once for each command, in order."""

    def on_private(self, session, text, tx):
        """The answer to a prompt with echo=False. At most once; keep it out of logs."""

    def on_failure(self, session, tx):
        """A handler of this session raised; its changes are gone. Tell the player."""
        session.output(outputs.system("Something went wrong. Nothing was changed.", level="error"))
