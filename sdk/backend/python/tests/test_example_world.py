"""The example world is played, killed now and then, and goes on."""

import os
import sys

from .fake_gateway import session_block
from .linked import LinkedTest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples"))
from world.world import TwoRooms  # noqa: E402

LOGIN = {"session": "s1", "username": "anna", "password": "long enough", "address": "127.0.0.1"}


class ExampleWorld(LinkedTest):
    async def ask(self, peer, method, params):
        self._asked = getattr(self, "_asked", 0) + 1
        peer.request(self._asked, method, params)
        answer = await peer.next_answer(self._asked)
        return answer["payload"] if answer["ok"] else answer["error"]["details"]["reason"]

    async def enter(self, peer, session="s1", user="anna", name="Anna"):
        told = (await self.ask(peer, "register", {**LOGIN, "username": user}))["user"]
        made = (await self.ask(peer, "characters.create", {"user": told["id"], "name": name}))["character"]
        block = {"session": session, "user": {**told, "guest": False}, "character": made}
        peer.event("session.entered", block)
        await self.output(peer, session, lambda output: output["type"] == "roomDescription")
        return block

    async def output(self, peer, session, wanted):
        frame = await peer.next(
            lambda frame: frame.get("event") in ("session.output", "room.output") and
            frame["payload"].get("session", session) == session and
            session not in frame["payload"].get("exclude", []) and wanted(frame["payload"]["output"]), "an output")
        return frame["payload"]["output"]

    async def do(self, peer, seq, text, answer, session="s1"):
        """Types it and waits for the answer."""
        peer.command(session, seq, text)
        await self.output(peer, session, lambda output: output.get("text") == answer)

    async def test_accounts(self):
        self.start(TwoRooms())
        peer = await self.gateway.link()
        self.assertEqual(await self.ask(peer, "authenticate", LOGIN), "invalidCredentials")
        self.assertEqual(await self.ask(peer, "register", {**LOGIN, "password": "short"}), "invalidData")
        user = (await self.ask(peer, "register", LOGIN))["user"]
        self.assertEqual(await self.ask(peer, "register", {**LOGIN, "username": "ANNA"}), "nameTaken")
        self.assertEqual(await self.ask(peer, "authenticate", {**LOGIN, "password": "not this one"}),
                         "invalidCredentials")
        self.assertEqual((await self.ask(peer, "authenticate", LOGIN))["user"], user)
        self.assertEqual(await self.ask(peer, "characters.create", {"user": user["id"], "name": "x1"}), "invalidData")
        made = (await self.ask(peer, "characters.create", {"user": user["id"], "name": "anna"}))["character"]
        self.assertEqual(await self.ask(peer, "characters.create", {"user": "u-2", "name": "Anna"}), "nameTaken")
        chosen = await self.ask(peer, "characters.select", {"user": user["id"], "character": "ANNA"})
        self.assertEqual(chosen["character"]["id"], made["id"])
        self.assertEqual(await self.ask(peer, "characters.select", {"user": "u-2", "character": made["id"]}),
                         "notFound")

    async def test_goes_on_where_it_was(self):
        backend = self.start(TwoRooms())
        peer = await self.gateway.link()
        block = await self.enter(peer)
        await self.do(peer, 1, "take lamp", "You take the lamp.")
        for change in ("position", "stats"):
            await peer.next(lambda frame: frame["payload"].get("updateType") == change, change)
        peer.command("s1", 2, "down")
        seen = await self.output(peer, "s1", lambda output: output.get("name") == "The Cellar")
        self.assertEqual((seen["exits"], seen["items"], seen["entities"]),
                         (["up"], ["rope"], [{"name": "rat", "hp": 12}]))
        await peer.acked("s1", 2)
        await self.stop(backend)
        self.start(TwoRooms())
        peer = await self.gateway.link(({**session_block("s1", n=1000, rooms=["cellar"]), **block}, (3, "i")))
        await self.output(peer, "s1", lambda output: output.get("text") == "You carry: lamp")
        await self.do(peer, 4, "drop lamp", "You drop the lamp.")
        peer.command("s1", 5, "look")
        seen = await self.output(peer, "s1", lambda output: output["type"] == "roomDescription")
        self.assertEqual(seen["items"], ["lamp", "rope"])

    async def test_people_talk(self):
        self.start(TwoRooms())
        peer = await self.gateway.link()
        await self.enter(peer)
        await self.enter(peer, "s2", "bea", "Bea")
        await self.do(peer, 1, "say hello", "You say: hello", "s2")
        await self.output(peer, "s1", lambda output: output.get("text") == "Bea says: hello")
        peer.command("s2", 2, "tell anna psst")
        await self.output(peer, "s1", lambda output: output.get("text") == "Bea tells you: psst")
        await self.do(peer, 3, "who", "Anna\nBea", "s2")

    async def test_the_rat_dies(self):
        self.start(TwoRooms(tick=0.01))
        peer = await self.gateway.link()
        await self.enter(peer)
        peer.command("s1", 1, "down")
        peer.command("s1", 2, "kill rat")
        blow = await self.output(peer, "s1", lambda output: output["type"] == "combat")
        self.assertEqual((blow["attacker"], blow["defender"], blow["action"]), ("Anna", "the rat", "hits"))
        await self.output(peer, "s1", lambda output: "killed" in output.get("text", ""))
        peer.command("s1", 3, "score")
        score = await self.output(peer, "s1", lambda output: output["type"] == "structured")
        self.assertEqual(score["data"]["xp"], 10)

    async def test_nothing_that_is_typed_fails(self):
        self.start(TwoRooms())
        peer = await self.gateway.link()
        await self.enter(peer)
        for seq, text in enumerate(("", " ", "take", "drop", "drop x", "tell", "tell x", "tell x y", "say", "kill",
                                    "kill dragon", "go", "go up", "flee", "help", "save", "dance", "take lamp"), 1):
            peer.command("s1", seq, text)
        await self.output(peer, "s1", lambda output: output.get("text") == "You take the lamp.")
        self.assertFalse(any("went wrong" in message for message in peer.messages))
