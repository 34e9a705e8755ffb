"""The outputs of the link: what a player is shown. Each function returns the object that goes into a frame.

Wherever an output is wanted, a plain string will do: it is text(string).
"""

import base64

from . import checks


def text(string):
    return {"type": "text", "text": string}


class Styled:
    """A piece of formatted(): a string with a style."""

    def __init__(self, string, style):
        self.string = string
        self.style = style


def styled(string, *, fg=None, bg=None, bold=False, italic=False, underline=False, inverse=False, strike=False):
    """fg and bg: a palette number or "#rrggbb"."""
    style = dict(fg=fg, bg=bg, bold=bold, italic=italic, underline=underline, inverse=inverse, strike=strike)
    return Styled(string, {name: value for name, value in style.items() if value is not None and value is not False})


def formatted(*pieces):
    """Text with colours: strings and styled(...) in a row. The spans are counted for you, in bytes of UTF-8."""
    whole, spans, start = [], [], 0
    for piece in pieces:
        string = piece.string if isinstance(piece, Styled) else piece
        length = len(string.encode("utf-8"))
        if isinstance(piece, Styled) and length and piece.style:
            spans.append({"start": start, "len": length, **piece.style})
        whole.append(string)
        start += length
    return {"type": "formattedText", "text": "".join(whole), "spans": spans}


def structured(output_type, data, text=None):
    """For programs: an event named output_type with any JSON. text is for terminals; without it they see nothing."""
    output = {"type": "structured", "outputType": checks.event_name(output_type), "data": data}
    if text is not None:
        output["text"] = text
    return output


def terminal(data, text=None):
    """data: bytes for terminals, sent as they are (a BBS screen); needs the token's rawTerminal, and nothing is added to
    them, no end of line either. text is for everybody else; without it they see nothing."""
    output = {"type": "terminal", "data": base64.b64encode(data).decode()}
    if text is not None:
        output["text"] = text
    return output


def room_description(name, description, exits=(), entities=(), items=()):
    """exits, entities, items: strings, or dicts with a name."""
    return {"type": "roomDescription", "name": name, "description": description,
            "exits": list(exits), "entities": list(entities), "items": list(items)}


def combat(attacker, defender, action, damage=None, critical=None):
    """As in: Anna (attacker) hits (action) the rat (defender) for 3 damage."""
    output = {"type": "combat", "attacker": attacker, "defender": defender, "action": action}
    if damage is not None:
        output["damage"] = damage
    if critical is not None:
        output["critical"] = critical
    return output


def system(text, level=None):
    """A word of the game itself, marked as such."""
    output = {"type": "system", "text": text}
    if level is not None:
        output["level"] = level
    return output


def as_output(value):
    return text(value) if isinstance(value, str) else value
