"""What the gateway would refuse is refused here first: in the author's stack trace, not in a log later."""

import re

UPDATE_TYPES = frozenset(("stats", "position", "inventory", "equipment", "statusEffects", "custom"))
_EVENT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_OF_THE_GATEWAY = frozenset(
    ("output", "prompt", "presence", "room", "gap", "session", "health", "shutdown", "tick", "closed"))


def event_name(name):
    if not isinstance(name, str) or not _EVENT_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no event name: a letter, then up to 63 of A-Z a-z 0-9 _ . -")
    if name in _OF_THE_GATEWAY or name.startswith(("session.", "link.")):
        raise ValueError(f"the event name {name!r} is the gateway's own")
    return name


def room(name):
    if not isinstance(name, str) or not 1 <= len(name.encode("utf-8")) <= 64:
        raise ValueError(f"{name!r} is no room name: 1 to 64 bytes")
    return name


def update_type(name):
    if name not in UPDATE_TYPES:
        raise ValueError(f"{name!r} is no update type: {', '.join(sorted(UPDATE_TYPES))}")
    return name


def delivery(value):
    if value not in ("must", "drop") and not (isinstance(value, str) and value.startswith("latest:") and value[7:]):
        raise ValueError(f"{value!r} is no delivery: must, drop or latest:<key>")
    return value


def object_with(value, /, **wanted):
    """Whether a value of the gateway's is an object with these members of these types."""
    return isinstance(value, dict) and all(
        isinstance(value.get(name), kind) and not (kind is int and isinstance(value[name], bool))
        for name, kind in wanted.items())
