"""Outputs and frames, without a link."""

import unittest
from collections import deque

from gatehouse_backend import outputs
from gatehouse_backend import checks, frames
from gatehouse_backend.errors import BadMessage


class Outputs(unittest.TestCase):
    def test_spans_count_bytes(self):
        output = outputs.formatted("Grüße ", outputs.styled("rot", fg=9, bold=True), "", outputs.styled(""),
                                   outputs.styled("grün", bg="#00ff00"))
        self.assertEqual(output, {"type": "formattedText", "text": "Grüße rotgrün", "spans": [
            {"start": 8, "len": 3, "fg": 9, "bold": True}, {"start": 11, "len": 5, "bg": "#00ff00"}]})

    def test_black_is_a_colour(self):
        self.assertEqual(outputs.formatted(outputs.styled("x", fg=0))["spans"], [{"start": 0, "len": 1, "fg": 0}])

    def test_optional_members_are_left_out(self):
        self.assertEqual(outputs.combat("a", "b", "hits"),
                         {"type": "combat", "attacker": "a", "defender": "b", "action": "hits"})
        self.assertEqual(outputs.system("x"), {"type": "system", "text": "x"})
        self.assertEqual(outputs.terminal(b"\x1b[2J\xb0\xff\0", "A menu."),
                         {"type": "terminal", "data": "G1sySrD/AA==", "text": "A menu."})
        self.assertEqual(outputs.structured("A.B", [1]), {"type": "structured", "outputType": "A.B", "data": [1]})

    def test_names_of_the_gateway_are_refused(self):
        for name in ("output", "tick", "session.mine", "link.mine", "", "1a", "a b", "a" * 65):
            with self.assertRaises(ValueError):
                outputs.structured(name, {})

    def test_checks_count_bytes(self):
        checks.room("ü" * 32)
        for room in ("", "ü" * 33, 5):
            with self.assertRaises(ValueError):
                checks.room(room)
        for delivery in ("latest:", "maybe", None):
            with self.assertRaises(ValueError):
                checks.delivery(delivery)


class Frames(unittest.TestCase):
    def test_a_message_is_filled_up_to_its_limit_and_not_beyond(self):
        pending = deque(("x" * 10, 10) for _ in range(7))
        self.assertEqual(frames.pack(pending, 34), ("[" + ",".join(["x" * 10] * 3) + "]", 30))
        self.assertEqual(len(frames.pack(pending, 33)[0]), 23)
        self.assertEqual(frames.pack(pending, 1), ("x" * 10, 10))
        self.assertEqual(len(pending), 1)

    def test_what_json_or_the_link_cannot_carry_is_refused_at_once(self):
        cycle = []
        cycle.append(cycle)
        deep = {}
        for _ in range(62):
            deep = {"a": deep}
        for value in (float("nan"), "\ud800", "x" * 66_000, "ü" * 33_000, deep, cycle):
            with self.assertRaises(ValueError):
                frames.encode_payload({"value": value})
        frames.encode_payload(deep["a"])

    def test_a_message_may_be_any_json(self):
        self.assertEqual(frames.parse("[1,{}]"), [1, {}])
        self.assertEqual(frames.parse("5"), [5])
        for text in ("", "{", "[" * 100_000):
            with self.assertRaises(BadMessage):
                frames.parse(text)
