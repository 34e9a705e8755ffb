"""gatehouse_backend: write a game world, a BBS or a bot for Gatehouse.

Derive from World, hand it to Backend, call run(). docs/backend-authors/ begins at the beginning.
"""

from . import outputs
from .backend import Backend
from .clock import Clock
from .errors import BadMessage, LinkDown, OutboxFull, Refused, StoreFailed
from .logins import Login
from .session import Character, Session, User
from .transaction import Transaction
from .world import World

__version__ = "0.1.0"
__all__ = ["Backend", "BadMessage", "Character", "Clock", "LinkDown", "Login", "OutboxFull", "Refused", "Session",
           "StoreFailed", "Transaction", "User", "World", "outputs"]
