"""What passes between gateway and backend, held against the link's schema.

A Tap listens to one connection, both ways, from its first byte; problems() looks at what it heard. A connection that
is cut in the middle of a message ends in the middle of a message: that is no problem.
"""

import functools
import json
import os

import jsonschema

_SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[".."] * 4, "docs", "protocol",
                       "backend-link.schema.json")
_MOST_MESSAGES = 20_000  # a direction; what comes after is not looked at


class Tap:
    def __init__(self):
        self.to_gateway = _Messages()
        self.to_backend = _Messages()

    def problems(self):
        ways = (("backend", self.to_gateway, self.to_backend), ("gateway", self.to_backend, self.to_gateway))
        for who, said, heard in ways:
            methods = {frame.get("id"): frame.get("method") for frame in heard.frames() if frame.get("type") == "req"}
            for frame in said.frames():
                for problem in _problems_of(frame, methods):
                    yield f"the {who} said {json.dumps(frame)[:500]}: {problem}"


class _Messages:
    """The text messages of one direction: RFC 6455 §5.2, behind the HTTP head."""

    def __init__(self):
        self._bytes = bytearray()
        self._is_upgraded = False
        self._parts = []
        self.texts = []

    def feed(self, data):
        self._bytes += data
        if not self._is_upgraded:
            end = self._bytes.find(b"\r\n\r\n")
            if end < 0:
                return
            del self._bytes[:end + 4]
            self._is_upgraded = True
        while self._take_frame():
            pass

    def _take_frame(self):
        if len(self._bytes) < 2:
            return False
        first, second = self._bytes[0], self._bytes[1]
        size, at = second & 0x7F, 2
        if size >= 126:
            at = 4 if size == 126 else 10
            size = int.from_bytes(self._bytes[2:at], "big")
        mask_at, at = at, at + (4 if second & 0x80 else 0)
        if len(self._bytes) < at + size:
            return False
        payload = bytes(self._bytes[at:at + size])
        if second & 0x80:
            payload = _unmasked(payload, bytes(self._bytes[mask_at:at]))
        del self._bytes[:at + size]
        self._take(first & 0x0F, bool(first & 0x80), payload)
        return True

    def _take(self, opcode, is_final, payload):
        if opcode > 2:
            return  # ping, pong, close
        self._parts.append(payload)
        if is_final:
            if len(self.texts) < _MOST_MESSAGES:
                self.texts.append(b"".join(self._parts))
            self._parts = []

    def frames(self):
        for text in self.texts:
            value = json.loads(text)
            yield from value if isinstance(value, list) else [value]


def _unmasked(payload, mask):
    whole = (mask * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(len(payload), "big")


@functools.cache
def _validator(part):
    with open(_SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    if part:
        if part not in schema["$defs"]:
            return None
        schema = schema | {"$ref": f"#/$defs/{part}"}
        schema.pop("oneOf")
    return jsonschema.Draft202012Validator(schema)


def _problems_of(frame, methods):
    parts = [(frame, "")]
    if frame.get("type") == "res" and frame.get("ok"):
        parts.append((frame.get("payload"), f"answer.{methods.get(frame.get('id'))}"))
    for value, part in parts:
        validator = _validator(part)
        if validator:
            yield from (error.message[:300] for error in validator.iter_errors(value))
