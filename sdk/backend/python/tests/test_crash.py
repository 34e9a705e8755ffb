"""The contract world in a process of its own, killed at the worst moments."""

import os

from .fake_gateway import entered_block, session_block
from .linked import LinkedTest
from .world_process import WorldProcess


class ProcessTest(LinkedTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.processes = []

    async def asyncTearDown(self):
        for process in self.processes:
            await process.stop()
        await super().asyncTearDown()

    async def spawn(self):
        process = await WorldProcess.start(self.gateway, self.token_file, os.path.join(self.folder, "crash.db"))
        self.processes.append(process)
        return process


class Crash(ProcessTest):  # n is 1 for the room.join of a session that is new
    async def test_after_kill_9_what_was_acknowledged_is_not_sent_again_and_the_rest_is_in_order(self):
        process = await self.spawn()
        peer = await self.gateway.link((session_block("s1"), (1, "burst 6"), (2, "echo last")))
        await peer.texts(7)
        await peer.acked("s1", 2)
        peer.event("link.ack", {"session": "s1", "n": 4})
        peer.command("s1", 3, "all together")
        await peer.next_event("room.output")
        await process.kill()
        await self.spawn()
        peer = await self.gateway.link((session_block("s1", n=4), (4, "echo new")))
        self.assertEqual(await peer.texts(5), [(5, "4"), (6, "5"), (7, "6"), (8, "last"), (9, "new")])
        self.assertEqual((await peer.next_event("room.output"))["n"], 1)
        await peer.acked("s1", 4)
        self.assertEqual(peer.seen("session.output"), [])
        self.assertEqual(len({connect["instance"] for connect in self.gateway.connects}), 1)

    async def test_a_crash_before_the_commit_leaves_nothing_and_the_command_comes_again(self):
        process = await self.spawn()
        peer = await self.gateway.link((session_block("s1"), (1, "add 5")))
        self.assertEqual(await peer.texts(1), [(2, "total 5")])
        await peer.acked("s1", 1)
        peer.command("s1", 2, "crash before")
        self.assertEqual(await process.ended(), -9)
        await self.spawn()
        peer = await self.gateway.link((session_block("s1", n=2), (2, "crash before"), (3, "add 0")))
        self.assertEqual(await peer.texts(2), [(3, "before 6"), (4, "total 6")])
        await peer.acked("s1", 3)

    async def test_a_crash_after_the_commit_loses_nothing_and_the_command_is_not_carried_out_again(self):
        process = await self.spawn()
        peer = await self.gateway.link((session_block("s1"), (1, "crash after")))
        self.assertEqual(await process.ended(), -9)
        self.assertEqual(peer.seen("session.output"), [])
        self.assertEqual(peer.seen("command.ack"), [])
        await self.spawn()
        peer = await self.gateway.link((session_block("s1"), (1, "crash after"), (2, "add 0")))
        self.assertEqual(await peer.texts(2), [(2, "after 1"), (3, "total 1")])
        await peer.acked("s1", 2)


class ContractWorld(ProcessTest):
    async def test_says_that_it_is_ready_each_time(self):
        process = await self.spawn()
        peer = await self.gateway.link()
        self.assertEqual(await process.ready(), {"event": "ready", "sessions": 0, "reconnects": 0})
        await peer.close()
        await self.gateway.link((session_block("s1"),))
        self.assertEqual(await process.ready(), {"event": "ready", "sessions": 1, "reconnects": 1})
        self.assertEqual(await process.stop(), 0)

    async def test_logins(self):
        await self.spawn()
        peer = await self.gateway.link()
        for user, password, reason in (("anna", "x", None), ("Bea", "wrong", "invalidCredentials"),
                                       ("locked", "x", "accountLocked")):
            peer.request(user, "authenticate",
                         {"session": "s", "username": user, "password": password, "address": "::1"})
            answer = await peer.next_answer(user)
            self.assertEqual(answer.get("error", {}).get("details", {}).get("reason"), reason)
        for name, reason in (("Taken", "nameTaken"), ("", "invalidData"), ("Zoe", None)):
            peer.request(name, "characters.create", {"user": "u-anna", "name": name})
            answer = await peer.next_answer(name)
            self.assertEqual(answer.get("error", {}).get("details", {}).get("reason"), reason)
        peer.request("l", "characters.list", {"user": "u-anna"})
        self.assertEqual((await peer.next_answer("l"))["payload"], {
            "characters": [{"id": "c-anna", "name": "Anna"}, {"id": "c-zoe", "name": "Zoe"}]})

    async def test_commands(self):
        await self.spawn()
        peer = await self.gateway.link()
        peer.event("session.entered", entered_block("s1"))
        self.assertEqual((await peer.next_event("room.join"))["payload"], {"session": "s1", "room": "hall"})
        for seq, text in enumerate(("room", "fight", "data", "color", "system", "add x", "who"), 1):
            peer.command("s1", seq, text)
        asked = await peer.next_request("session.get")
        block = entered_block("s1")
        peer.answer(asked["id"], {"session": {"id": "s1", "state": "playing", "user": block["user"], "character":
                                              block["character"], "rooms": ["hall"], "connections": 1,
                                              "protocol": "websocket"}})
        seen = [(await peer.next_event("session.output"))["payload"]["output"] for _ in range(7)]
        self.assertEqual(seen, [
            {"type": "roomDescription", "name": "Hall", "description": "A bare hall.", "exits": ["north"],
             "entities": ["Anna"], "items": ["lamp"]},
            {"type": "combat", "attacker": "Anna", "defender": "rat", "action": "hits", "damage": 3, "critical": False},
            {"type": "structured", "outputType": "World.Data", "data": {"list": [1, 2, 3]}, "text": "data"},
            {"type": "formattedText", "text": "Grüße red", "spans": [{"start": 8, "len": 3, "fg": 1, "bold": True}]},
            {"type": "system", "text": "system", "level": "info"},
            {"type": "text", "text": "? add x"}, {"type": "text", "text": "state playing"}])
        peer.command("s1", 8, "hidden")
        self.assertEqual((await peer.next_event("session.prompt"))["payload"],
                         {"session": "s1", "text": "Secret: ", "echo": False})
        peer.event("command.private", {"session": "s1", "text": "Grüße"})
        self.assertEqual((await peer.texts(1))[0][1], "hidden 7")
        peer.command("s1", 9, "kick")
        self.assertEqual((await peer.next_event("session.disconnect"))["payload"],
                         {"session": "s1", "reason": "kicked", "text": "Goodbye."})
