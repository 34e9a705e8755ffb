"""Frames as text: building, reading, packing into messages. No I/O, no state of the link.

A message is one frame or an array of frames, at most MAX_MESSAGE bytes of UTF-8.
"""

import json

from .errors import BadMessage

MAX_MESSAGE = 65_536
MAX_DEPTH = 64
_ENVELOPE = 200  # bytes that event name, n and punctuation may need around a payload
_ENVELOPE_DEPTH = 2  # the array and the frame


def encode(value):
    """Compact JSON. Raises ValueError for what JSON or the link cannot carry: NaN, lone surrogates."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    size_of(text)
    return text


def size_of(text):
    return len(text) if text.isascii() else len(text.encode("utf-8"))


def encode_payload(payload):
    """As encode, for what must fit into a message: too large or too deep a payload would never arrive."""
    try:
        text = encode(payload)
    except RecursionError:
        raise ValueError(f"JSON of the link nests at most {MAX_DEPTH} deep") from None
    deepest = MAX_DEPTH - _ENVELOPE_DEPTH
    if text.count("{") + text.count("[") > deepest and _depth(payload) > deepest:  # seldom worth a look
        raise ValueError(f"JSON of the link nests at most {MAX_DEPTH} deep")
    size = size_of(text)
    if size > MAX_MESSAGE - _ENVELOPE:
        raise ValueError(f"a frame of {size} bytes: a message of the link has at most {MAX_MESSAGE}; send it in parts")
    return text


def _depth(value):
    deepest, todo = 0, [(value, 1)]
    while todo:
        value, depth = todo.pop()
        if isinstance(value, dict):
            inner = value.values()
        elif isinstance(value, (list, tuple)):
            inner = value
        else:
            continue
        deepest = max(deepest, depth)
        todo.extend((item, depth + 1) for item in inner)
    return deepest


def event(name, payload_text, n=None):
    """An event whose payload is JSON text already; with n it is counted."""
    counted = "" if n is None else f'"n":{n},'
    return f'{{"type":"event","event":"{name}",{counted}"payload":{payload_text}}}'


def request(request_id, method, params):
    return encode({"type": "req", "id": request_id, "method": method, "params": params})


def answer(request_id, payload):
    return encode({"type": "res", "id": request_id, "ok": True, "payload": payload})


def refusal(request_id, error):
    return encode({"type": "res", "id": request_id, "ok": False, "error": error})


def parse(message):
    """The frames of a message, as they came: not every one need be an object."""
    try:
        value = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"a message that is no JSON: {error}") from None
    return value if isinstance(value, list) else [value]


def pack(pending, limit):
    """Takes frames (text, bytes) from the front of a deque: as many as fit into one message. Returns the message and
    how many bytes of frames it took."""
    texts, taken = [], 0
    while pending and (not texts or taken + pending[0][1] + len(texts) + 2 <= limit):  # commas and brackets
        text, size = pending.popleft()
        texts.append(text)
        taken += size
    return (texts[0] if len(texts) == 1 else f"[{','.join(texts)}]"), taken
