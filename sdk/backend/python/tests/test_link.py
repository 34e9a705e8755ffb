"""The link itself: hello, messages, heartbeats, coming back, and what a gateway should not say."""

import asyncio
import contextlib
import json
import os
from unittest import mock

from gatehouse_backend import connection, link

from .fake_clock import FakeClock
from .fake_gateway import FakeGateway, session_block
from .linked import EchoWorld, LinkedTest

SILENCE = 30.0  # policy.heartbeatMs of the fake gateway


class Link(LinkedTest):
    async def test_says_hello(self):
        class Greeting(EchoWorld):
            has_characters = False
            allows_registration = True
            welcome = "Hi"

        self.start(Greeting())
        peer = await self.gateway.link()
        hello = peer.hello_params["params"]
        self.assertRegex(hello.pop("instance"), r"^[A-Za-z0-9_-]{1,64}$")
        self.assertEqual(hello, {
            "protocol": {"min": 1, "max": 1}, "role": "backend", "auth": {"token": "secret"}, "name": "world",
            "capabilities": {"characters": False, "registration": True, "guests": False, "welcome": "Hi"},
            "client": {"id": "gatehouse_backend", "version": "0.1.0"}})
        self.assertEqual(peer.path, "/backend")
        self.assertEqual(len(peer.messages), 1)

    async def test_speaks_over_a_unix_socket(self):
        gateway = await FakeGateway().start(os.path.join(self.folder, "link.sock"))
        self.start(url=gateway.url)
        peer = await gateway.link((session_block("s1"), (1, "a")))
        self.assertEqual(await peer.texts(1), [(1, "a")])
        self.assertEqual(peer.path, "/backend")
        await gateway.stop()

    async def test_keeps_its_instance_over_restarts_and_makes_another_for_another_database(self):
        for db in ("a.db", "a.db", "b.db"):
            backend = self.start(db=db)
            await self.gateway.link()
            await self.stop(backend)
        first, second, third = (connect["instance"] for connect in self.gateway.connects)
        self.assertEqual(first, second)
        self.assertNotEqual(first, third)

    async def test_a_database_serves_one_process_at_a_time(self):
        self.start()
        await self.gateway.link()
        second = self.start()
        _, task = self._running.pop()
        with self.assertRaisesRegex(Exception, "in use by another process"):
            await task
        self.assertIsNotNone(second)

    async def test_messages_are_arrays_of_at_most_64_kib_in_bytes(self):
        class Loud(EchoWorld):
            def on_command(self, session, text, tx):
                for i in range(40):
                    session.output(f"{i} " + "ü" * 5000)  # 10 KB each, half of that in characters

        self.start(Loud())
        peer = await self.gateway.link((session_block("s1"), (1, "shout")))
        await peer.texts(40)
        sizes = [len(message.encode()) for message in peer.messages]
        self.assertLessEqual(max(sizes), 65536)
        self.assertLess(len(sizes), 12)
        self.assertTrue(any(len(json.loads(message)) >= 6 for message in peer.messages if message.startswith("[")))

    async def test_a_frame_that_no_message_can_hold_fails_the_command(self):
        class Loud(EchoWorld):
            def on_command(self, session, text, tx):
                session.output("x" * 70_000 if text == "shout" else text)

        self.start(Loud())
        peer = await self.gateway.link((session_block("s1"), (1, "shout"), (2, "b")))
        (_, sorry), (_, text) = await peer.texts(2)
        self.assertIn("went wrong", sorry)
        self.assertEqual(text, "b")

    async def test_comes_back_after_1_to_30_seconds(self):
        clock = FakeClock()
        await self.gateway.stop()
        self.start(clock=clock)
        waits = []
        for _ in range(7):
            waits.append(await clock.next_sleep())
            clock.advance(waits[-1])
        self.assertEqual(waits, [1, 2, 4, 8, 16, 30, 30])

    async def test_a_link_that_was_ready_begins_again_at_one_second(self):
        clock = FakeClock()
        self.start(clock=clock)
        for expected in (1, 2):
            peer = await self.gateway.accept()
            self.assertEqual(await clock.next_sleep(), SILENCE)
            peer.refuse("connect", {"code": "UNAUTHORIZED", "message": "no such token"})
            self.assertEqual(await clock.next_sleep(), expected)
            clock.advance(expected)
        peer = await self.gateway.link((session_block("s1"), (1, "a")))
        await peer.acked("s1", 1)
        await peer.close(4002)
        while (wait := await clock.next_sleep()) == SILENCE:
            pass
        self.assertEqual(wait, 1)

    async def test_a_backend_that_is_stopped_as_its_dial_succeeds_says_no_hello(self):
        begun = asyncio.Event()

        async def dial_that_swallows_its_cancellation(url):
            begun.set()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            return await connection.dial(url)

        with mock.patch.object(link, "dial", dial_that_swallows_its_cancellation):
            backend = self.start()
            async with asyncio.timeout(60):
                await begun.wait()
                backend.stop()
                with self.assertRaisesRegex(AssertionError, "gone without connect"):
                    await self.gateway.accept()
            await self.stop(backend)

    async def test_the_token_is_read_again_for_each_connection(self):
        self.start()
        peer = await self.gateway.link()
        with open(self.token_file, "w") as file:
            file.write("another")
        await peer.close()
        await self.gateway.link()
        self.assertEqual([connect["auth"]["token"] for connect in self.gateway.connects], ["secret", "another"])

    async def test_answers_heartbeats(self):
        self.start()
        peer = await self.gateway.link()
        peer.request("g1", "heartbeat", {})
        self.assertEqual((await peer.next_answer("g1"))["payload"], {})

    async def test_asks_after_silence_and_gives_up_after_twice_as_much(self):
        clock = FakeClock()
        self.start(clock=clock)
        peer = await self.gateway.link((session_block("s1"), (1, "a")))
        await peer.acked("s1", 1)
        self.assertEqual(await clock.next_sleep(), SILENCE)
        clock.advance(SILENCE)
        beat = await peer.next_request("heartbeat")
        self.assertEqual(await clock.next_sleep(), SILENCE)
        peer.answer(beat["id"], {})
        peer.command("s1", 2, "b")  # heard as well
        await peer.acked("s1", 2)
        clock.advance(SILENCE)
        await peer.next_request("heartbeat")
        await clock.next_sleep()
        clock.advance(SILENCE)
        self.assertEqual(await peer.closed(), 4003)

    async def test_wrong_frames_are_passed_over(self):
        self.start()
        peer = await self.gateway.link((session_block("s1"),))
        for frame in (7, None, "x", [], {}, {"type": "event"}, {"type": "event", "event": "command", "payload": []},
                      {"type": "event", "event": "command", "payload": {"session": "s1", "seq": "1", "text": "x"}},
                      {"type": "event", "event": "command", "payload": {"session": ["s1"], "seq": 1, "text": "x"}},
                      {"type": "event", "event": "command", "payload": {"session": "gone", "seq": 1, "text": "x"}},
                      {"type": "event", "event": "command.private", "payload": {"session": "s1"}},
                      {"type": "event", "event": "session.entered", "payload": {"session": "s2"}},
                      {"type": "event", "event": "session.entered", "payload": {"session": "s2", "user": {"id": 1}}},
                      {"type": "event", "event": "session.reconnected", "payload": {"session": "s2", "n": "x"}},
                      {"type": "event", "event": "session.closed", "payload": {}},
                      {"type": "event", "event": "link.ack", "payload": {"session": 3, "n": "x"}},
                      {"type": "event", "event": "link.ack", "payload": {"n": 3000}},
                      {"type": "event", "event": "link.error", "payload": {"error": 5, "session": {}, "n": "x"}},
                      {"type": "event", "event": "cancel", "payload": {"id": {}}},
                      {"type": "event", "event": "Future.Event", "payload": {}},
                      {"type": "res", "id": "unknown", "ok": True, "payload": {}}, {"type": "res", "id": {}},
                      {"type": "res"}, {"type": "req"}, {"type": "what", "id": 1}):
            peer.send(frame)
        peer.send_text("[]")
        peer.send({"type": "req", "id": "r1"})
        self.assertEqual((await peer.next_answer("r1"))["error"]["code"], "INVALID_REQUEST")
        peer.request("r2", "future.method", {})
        self.assertEqual((await peer.next_answer("r2"))["error"]["code"], "METHOD_NOT_FOUND")
        peer.command("s1", 1, "still here")
        self.assertEqual(await peer.texts(1), [(1, "still here")])

    async def test_what_is_no_json_closes_the_connection_and_another_one_follows(self):
        self.start()
        for text in ("{", "nothing", "[" * 5000):
            peer = await self.gateway.link()
            peer.send_text(text)
            self.assertEqual(await peer.closed(), 1007)
        await self.gateway.link()

    async def test_a_wrong_hello_does_no_harm(self):
        self.start()
        peer = await self.gateway.accept()
        peer.answer("connect", {"link": [], "policy": {"maxPayload": "x", "heartbeatMs": -1}})
        peer.event("session.reconnected", session_block("s1"))
        peer.event("link.ready", {})
        peer.command("s1", 1, "a")
        self.assertEqual(await peer.texts(1), [(1, "a")])

    async def test_an_operator_ends_it_by_draining(self):
        self.start()
        peer = await self.gateway.link((session_block("s1"), (1, "a")))
        peer.event("link.drain", {"graceMs": 5000})
        self.assertEqual(await peer.texts(1), [(1, "a")])
        await peer.acked("s1", 1)
        self.assertEqual(await peer.closed(), 1000)
        _, task = self._running.pop()
        await task

    async def test_asking_gives_up_in_time_and_says_so(self):
        backend = self.start()
        peer = await self.gateway.link((session_block("s1"), (1, "a")), policy={"callTimeoutMs": 50})
        await peer.acked("s1", 1)
        session = backend.sessions[0]
        with self.assertRaises(TimeoutError):
            await session.get()
        request = await peer.next_request("session.get")
        self.assertEqual((await peer.next_event("cancel"))["payload"], {"id": request["id"]})
        peer.answer(request["id"], {"session": {"state": "late"}})
        backend._delivery.connection.call_timeout = 30.0  # a busy machine needs longer than 50 ms to answer
        asking = asyncio.create_task(session.get())
        request = await peer.next_request("session.get")
        peer.answer(request["id"], {"session": {"state": "playing"}})
        self.assertEqual(await asking, {"state": "playing"})

    async def test_a_command_that_waits_for_the_link_comes_again_when_it_breaks(self):
        class Asking(EchoWorld):
            async def on_command(self, session, text, tx):
                if text == "who":
                    session.output((await session.get())["state"])
                else:
                    super().on_command(session, text, tx)

        self.start(Asking())
        peer = await self.gateway.link((session_block("s1"), (1, "who"), (2, "after")))
        await peer.next_request("session.get")
        await peer.close()
        peer = await self.gateway.link((session_block("s1"), (1, "who"), (2, "after")))
        request = await peer.next_request("session.get")
        peer.answer(request["id"], {"session": {"state": "playing"}})
        self.assertEqual(await peer.texts(2), [(1, "playing"), (2, "after")])

    async def test_background_begins_when_the_link_is_ready_and_again_when_it_fails(self):
        runs = asyncio.Queue()
        failures = iter((RuntimeError("as asked"), asyncio.CancelledError()))  # the second as of a task that it awaits

        class Ticking(EchoWorld):
            async def background(self):
                await runs.put(self.backend.is_connected)
                raise next(failures, RuntimeError("as asked"))

        clock = FakeClock()
        self.start(Ticking(), clock=clock)
        await self.gateway.link()
        async with asyncio.timeout(60):
            self.assertTrue(await runs.get())
            for _ in range(2):
                while await clock.next_sleep() != 1.0:
                    pass
                clock.advance(1.0)
                self.assertTrue(await runs.get())
