"""Counted frames: none lost, none twice, in order, whatever the gateway says of them."""

import asyncio

from gatehouse_backend import OutboxFull

from .fake_clock import FakeClock
from .fake_gateway import entered_block, session_block
from .linked import EchoWorld, LinkedTest


class Lines(EchoWorld):
    """`3` says three lines; `room` says one to a room."""

    def on_command(self, session, text, tx):
        if text == "room":
            tx.room_output("hall", "room")
        else:
            for i in range(int(text)):
                session.output(f"{session.id} {i + 1}")


class Delivery(LinkedTest):
    async def linked(self, lines, n=0, **options):
        """A backend that has sent so many lines to s1."""
        backend = self.start(Lines(), **options)
        peer = await self.gateway.link((session_block("s1", n=n), (1, str(lines))))
        await peer.texts(lines)
        return backend, peer

    async def settled(self, peer, seq, session="s1"):
        """What was sent before has been looked at."""
        peer.command(session, seq, "0")
        await peer.acked(session, seq)

    async def test_acknowledged_frames_leave_the_outbox(self):
        backend, peer = await self.linked(4)
        peer.command("s1", 2, "room")
        await peer.next_event("room.output")
        peer.event("link.ack", {"session": "s1", "n": 3})
        peer.event("link.ack", {"n": 1})
        await self.settled(peer, 3)
        self.assertEqual(await self.outbox(backend), [("s1", 4)])

    async def test_an_acknowledgement_of_what_was_never_sent_takes_nothing(self):
        backend, peer = await self.linked(2)
        peer.event("link.ack", {"session": "s1", "n": 100})
        await self.settled(peer, 2)
        peer.command("s1", 3, "1")
        self.assertEqual(await peer.texts(1), [(3, "s1 1")])
        self.assertEqual(await self.outbox(backend), [("s1", 3)])

    async def test_an_idle_backend_trims_by_itself(self):
        backend, peer = await self.linked(2)
        peer.event("link.ack", {"session": "s1", "n": 2})
        async with asyncio.timeout(60):
            while await self.count_rows(backend):
                await asyncio.sleep(0)

    async def count_rows(self, backend):
        # Not by a transaction: any of these would trim.
        return backend._store.db.execute("SELECT count(*) FROM gw_outbox").fetchone()[0]

    async def test_after_a_reconnect_all_goes_out_in_the_order_of_its_making(self):
        backend = self.start(Lines())
        peer = await self.gateway.link((session_block("s1"), (1, "1")), (session_block("s2"),))
        await peer.texts(1)
        for session, seq, text in (("s2", 1, "1"), ("s1", 2, "room"), ("s1", 3, "2")):
            peer.command(session, seq, text)
        await peer.acked("s1", 3)
        await peer.close()
        peer = await self.gateway.link((session_block("s2"),), (session_block("s1", n=1), (4, "1")))
        await peer.acked("s1", 4)
        seen = []
        for _ in range(5):
            frame = await peer.next(lambda frame: "n" in frame, "a counted frame")
            seen.append((frame["payload"].get("session"), frame["n"]))
        self.assertEqual(seen, [("s2", 1), (None, 1), ("s1", 2), ("s1", 3), ("s1", 4)])
        self.assertEqual(await self.outbox(backend), [("s2", 1), ("", 1), ("s1", 2), ("s1", 3), ("s1", 4)])

    async def test_what_is_made_without_a_link_goes_out_when_it_is_back(self):
        backend, peer = await self.linked(1)
        await peer.close()
        peer = await self.gateway.accept()
        async with backend.transaction():
            self.assertFalse(backend.is_connected)
            backend.sessions[0].output("meanwhile")
        peer.say_hello()
        peer.event("session.reconnected", session_block("s1", n=1))
        self.assertEqual(peer.seen("session.output"), [])
        peer.event("link.ready", {"sessions": 1})
        self.assertEqual(await peer.texts(1), [(2, "meanwhile")])

    async def test_a_link_ready_of_the_former_connection_makes_the_next_one_ready_no_earlier(self):
        begun, goes_on, ready = asyncio.Event(), asyncio.Event(), []

        class Slow(Lines):
            async def on_command(self, session, text, tx):
                if text == "slow":
                    begun.set()
                    await goes_on.wait()
                else:
                    super().on_command(session, text, tx)

            def on_ready(self, sessions):
                ready.append(sessions)

        backend = self.start(Slow(), command_timeout=60)
        peer = await self.gateway.accept()
        peer.say_hello()
        peer.event("session.reconnected", session_block("s1"))
        peer.command("s1", 1, "slow")
        async with asyncio.timeout(60):
            await begun.wait()
        peer.event("link.ready", {"sessions": 1})
        peer.request("g1", "heartbeat", {})
        await peer.next_answer("g1")
        await peer.close()
        peer = await self.gateway.accept()
        goes_on.set()
        peer.say_hello()
        peer.event("session.reconnected", session_block("s1"))
        peer.command("s1", 2, "1")
        await peer.acked("s1", 2)
        self.assertFalse(backend.is_connected)
        self.assertEqual(ready, [])
        peer.event("link.ready", {"sessions": 1})
        self.assertEqual(await peer.texts(1), [(1, "s1 1")])
        self.assertEqual(ready, [1])

    async def test_frames_of_a_session_that_is_not_told_wait_for_it(self):
        backend, peer = await self.linked(2)
        await peer.close()
        peer = await self.gateway.link((session_block("s2"), (1, "1")))
        self.assertEqual(await peer.texts(1), [(1, "s2 1")])
        self.assertEqual(peer.seen("session.output"), [])
        peer.event("session.reconnected", session_block("s1", n=1, cause="restored"))
        self.assertEqual(await peer.texts(1), [(2, "s1 2")])

    async def test_goes_back_to_what_the_gateway_expects(self):
        backend, peer = await self.linked(5)
        for n in (3, 4, 5):
            peer.error("CONFLICT", "s1", n, details={"expected": 2})
        self.assertEqual(await peer.texts(4), [(n, f"s1 {n}") for n in (2, 3, 4, 5)])
        await self.settled(peer, 2)
        self.assertEqual(peer.seen("session.output"), [])
        peer.command("s1", 3, "1")
        self.assertEqual(await peer.texts(1), [(6, "s1 1")])

    async def test_goes_back_for_frames_without_a_session_too(self):
        backend, peer = await self.linked(1)
        for seq in (2, 3):
            peer.command("s1", seq, "room")
            await peer.next_event("room.output")
        peer.error("CONFLICT", None, 2, event="room.output", details={"expected": 1})
        self.assertEqual([(await peer.next_event("room.output"))["n"] for _ in range(2)], [1, 2])

    async def test_numbers_that_the_gateway_has_lost_are_used_again(self):
        backend, peer = await self.linked(5)
        peer.event("link.ack", {"session": "s1", "n": 3})
        await self.settled(peer, 2)
        await peer.close()
        peer = await self.gateway.link((session_block("s1", n=1), (3, "1")))
        self.assertEqual(await peer.texts(3), [(2, "s1 4"), (3, "s1 5"), (4, "s1 1")])

    async def test_an_acknowledgement_of_the_former_connection_takes_nothing_of_the_next_one(self):
        backend, peer = await self.linked(5)
        backend._delivery._wants_trim = lambda: None  # it is still pending at the reconnect, however long that takes
        peer.event("link.ack", {"session": "s1", "n": 4})
        peer.request("g1", "heartbeat", {})
        await peer.next_answer("g1")
        await peer.close()
        peer = await self.gateway.link((session_block("s1", n=1), (2, "1")))
        self.assertEqual(await peer.texts(5), [*((n, f"s1 {n}") for n in (2, 3, 4, 5)), (6, "s1 1")])
        self.assertEqual(await self.outbox(backend), [("s1", n) for n in (2, 3, 4, 5, 6)])

    async def test_goes_on_from_the_gateways_count_if_that_is_higher(self):
        backend, peer = await self.linked(2)
        await peer.close()
        peer = await self.gateway.link((session_block("s1", n=9), (2, "1")), n=4)
        self.assertEqual(await peer.texts(1), [(10, "s1 1")])
        peer.command("s1", 3, "room")
        self.assertEqual((await peer.next_event("room.output"))["n"], 5)
        self.assertEqual(await self.outbox(backend), [("s1", 10), ("", 5)])

    async def test_a_session_that_is_over_takes_its_outbox_along(self):
        for how in ("NOT_FOUND", "session.closed"):
            with self.subTest(how):
                backend = self.start(Lines(), db=f"{how}.db")
                peer = await self.gateway.link((session_block("s1"), (1, "3")), (session_block("s2"), (1, "1")))
                await peer.texts(4)
                if how == "NOT_FOUND":
                    for n in (1, 2, 3):
                        peer.error("NOT_FOUND", "s1", n)
                else:
                    peer.event("session.closed", {"session": "s1", "reason": "replaced"})
                await self.settled(peer, 2, "s2")
                self.assertEqual(await self.outbox(backend), [("s2", 1)])
                self.assertEqual([session.id for session in backend.sessions], ["s2"])
                await self.stop(backend)

    async def test_a_frame_that_is_refused_for_what_it_says_has_used_its_number_up(self):
        backend, peer = await self.linked(3)
        peer.error("INVALID_REQUEST", "s1", 2)
        peer.command("s1", 2, "1")
        self.assertEqual(await peer.texts(1), [(4, "s1 1")])
        peer.event("link.ack", {"session": "s1", "n": 3})
        await self.settled(peer, 3)
        self.assertEqual(await self.outbox(backend), [("s1", 4)])

    async def test_a_refused_frame_keeps_its_number_over_a_reconnect(self):
        backend, peer = await self.linked(3)
        peer.error("INVALID_REQUEST", "s1", 2)
        await self.settled(peer, 2)
        await peer.close()
        peer = await self.gateway.link((session_block("s1", n=1), (3, "1")))
        self.assertEqual(await peer.texts(3), [(2, "s1 2"), (3, "s1 3"), (4, "s1 1")])
        peer.error("INVALID_REQUEST", "s1", 2)
        await self.settled(peer, 4)
        self.assertEqual(peer.seen("session.output"), [])

    async def test_a_broadcast_that_the_token_does_not_allow_has_used_its_number_up(self):
        backend, peer = await self.linked(1)
        async with backend.transaction() as tx:
            tx.broadcast("to all")
        await peer.next_event("broadcast")
        peer.error("FORBIDDEN", None, 1, event="broadcast")
        peer.command("s1", 2, "room")
        self.assertEqual((await peer.next_event("room.output"))["n"], 2)
        peer.event("link.ack", {"n": 2})
        await self.settled(peer, 3)
        self.assertEqual(await self.outbox(backend), [("s1", 1)])

    async def test_a_broadcast_to_a_session_that_is_over_gives_its_number_to_the_next_one(self):
        backend, peer = await self.linked(1)
        async with backend.transaction() as tx:
            tx.broadcast("to one", sessions=backend.sessions)
        await peer.next_event("broadcast")
        peer.error("NOT_FOUND", None, 1, event="broadcast")
        peer.command("s1", 2, "room")
        self.assertEqual((await peer.next_event("room.output"))["n"], 2)
        peer.error("CONFLICT", None, 2, event="room.output", details={"expected": 1})
        self.assertEqual((await peer.next_event("room.output"))["n"], 1)

    async def test_frames_without_a_session_wait_until_an_older_connection_is_gone(self):
        clock = FakeClock()
        backend, peer = await self.linked(1, clock=clock)
        for seq in (2, 3):
            peer.command("s1", seq, "room")
            await peer.next_event("room.output")
        for n in (1, 2):
            peer.error("FORBIDDEN", None, n, event="room.output", details={"reason": "otherConnection"})
        while await clock.next_sleep() != 1.0:
            pass
        await self.settled(peer, 4)
        self.assertEqual(peer.seen("room.output"), [])
        clock.advance(1.0)
        self.assertEqual([(await peer.next_event("room.output"))["n"] for _ in range(2)], [1, 2])

    async def test_a_session_that_enters_again_begins_at_1(self):
        for how in ("closed", "missed"):
            with self.subTest(how):
                backend = self.start(Lines(), db=f"{how}.db")
                peer = await self.gateway.link((session_block("s1"), (1, "3")))
                await peer.texts(3)
                if how == "closed":
                    peer.event("session.closed", {"session": "s1", "reason": "clientDisconnect"})
                peer.event("session.entered", entered_block("s1"))
                peer.command("s1", 2, "2")
                self.assertEqual(await peer.texts(2), [(1, "s1 1"), (2, "s1 2")])
                self.assertEqual(await self.outbox(backend), [("s1", 1), ("s1", 2)])
                await self.stop(backend)

    async def test_a_session_that_was_put_away_goes_on_from_the_gateways_count(self):
        backend, peer = await self.linked(3)
        peer.event("session.closed", {"session": "s1", "reason": "timeout"})
        peer.event("session.reconnected", session_block("s1", n=3, cause="restored"))
        peer.command("s1", 2, "1")
        self.assertEqual(await peer.texts(1), [(4, "s1 1")])

    async def test_a_frame_that_may_be_tried_again_is_after_a_while(self):
        clock = FakeClock()
        backend, peer = await self.linked(3, clock=clock)
        peer.error("UNAVAILABLE", "s1", 2, retryable=True, retryAfterMs=1500)
        peer.error("CONFLICT", "s1", 3, details={"expected": 2})
        while await clock.next_sleep() != 1.5:
            pass
        await self.settled(peer, 2)
        self.assertEqual(peer.seen("session.output"), [])
        clock.advance(1.5)
        self.assertEqual(await peer.texts(2), [(2, "s1 2"), (3, "s1 3")])

    async def test_a_refusal_of_what_has_been_acknowledged_holds_up_that_session_alone(self):
        clock = FakeClock()
        backend, peer = await self.linked(3, clock=clock)
        peer.event("link.ack", {"session": "s1", "n": 2})
        await self.settled(peer, 2)
        peer.error("UNAVAILABLE", "s1", 2, retryable=True)
        while await clock.next_sleep() != 1.0:
            pass
        clock.advance(1.0)
        peer.command("s1", 3, "room")
        await peer.next_event("room.output")
        await peer.close()
        while await clock.next_sleep() != 1.0:
            pass
        clock.advance(1.0)
        peer = await self.gateway.link((session_block("s1", n=2), (4, "1")))
        self.assertEqual(await peer.texts(2), [(3, "s1 3"), (4, "s1 1")])

    async def test_a_session_that_another_connection_serves_is_left_alone(self):
        backend, peer = await self.linked(1)
        peer.error("FORBIDDEN", "s1", 1, details={"reason": "otherConnection"})
        peer.event("session.entered", entered_block("s2"))
        peer.command("s1", 2, "1")
        await self.settled(peer, 1, "s2")
        self.assertEqual(peer.seen("session.output"), [])
        peer.event("session.reconnected", session_block("s1"))
        self.assertEqual(await peer.texts(2), [(1, "s1 1"), (2, "s1 1")])

    async def test_what_the_token_does_not_allow_has_used_its_number_up_and_the_session_goes_on(self):
        backend, peer = await self.linked(1)
        peer.error("FORBIDDEN", "s1", 1, details={"reason": "permissionDenied"})
        peer.command("s1", 2, "1")
        self.assertEqual(await peer.texts(1), [(2, "s1 1")])

    async def test_what_waits_for_the_gateway_is_bounded_but_for_what_it_asked_for(self):
        backend, peer = await self.linked(3, max_outbox=5)

        async def tick(lines):
            async with backend.transaction() as tx:
                tx.execute("INSERT INTO said(session, text) VALUES('', ?)", (f"tick {lines}",))
                for _ in range(lines):
                    tx.room_output("hall", "tick")
        await tick(2)
        self.assertEqual(backend.outbox_size, 5)
        with self.assertRaises(OutboxFull):
            await tick(1)
        await tick(0)
        self.assertEqual(await self.said(backend), ["tick 2", "tick 0"])
        peer.command("s1", 2, "2")
        self.assertEqual(await peer.texts(2), [(4, "s1 1"), (5, "s1 2")])
        self.assertEqual(backend.outbox_size, 7)
        peer.event("link.ack", {"session": "s1", "n": 5})
        peer.command("s1", 3, "0")
        await peer.acked("s1", 3)
        await tick(3)
        self.assertEqual(backend.outbox_size, 5)

    async def test_a_full_outbox_keeps_no_backend_from_its_start(self):
        class Greeting(Lines):
            def setup(self, tx):
                super().setup(tx)
                tx.room_output("hall", "The world is back.")
        backend, peer = await self.linked(3)
        await self.stop(backend)
        backend = self.start(Greeting(), max_outbox=3)
        peer = await self.gateway.link((session_block("s1", n=0),))
        self.assertEqual([n for n, _ in await peer.texts(3)], [1, 2, 3])
        self.assertEqual(backend.outbox_size, 4)

    async def test_a_session_that_nobody_tells_of_is_forgotten_in_the_end(self):
        clock = FakeClock()
        backend, peer = await self.linked(1, clock=clock, forget_after=3600)
        await peer.close()
        while await clock.next_sleep() != 1.0:
            pass
        clock.advance(4000)
        peer = await self.gateway.link((session_block("s2"), (1, "1")))
        await peer.texts(1)
        self.assertEqual([session.id for session in backend.sessions], ["s2"])
        self.assertEqual(await self.outbox(backend), [("s2", 1)])

    async def long_linked(self, clock):
        """s1 has been live for longer than a session is remembered that nobody tells of."""
        backend = self.start(Lines(), clock=clock, forget_after=3600)
        peer = await self.gateway.link((session_block("s1"), (1, "1")), policy={"heartbeatMs": 10_000_000})
        await peer.texts(1)
        await self.settled(peer, 2)
        clock.advance(4000)
        return backend, peer

    async def kept(self, backend):
        """After a link.ready that did not tell of s1: who is remembered, and since when in the database."""
        peer = await self.gateway.link((session_block("s2"), (1, "1")))
        await peer.texts(1)
        async with backend.transaction() as tx:
            told_at = tx.one("SELECT told_at FROM gw_sessions WHERE session='s1'")
        return sorted(session.id for session in backend.sessions), told_at

    async def test_a_session_is_remembered_from_the_end_of_its_link_on(self):
        clock = FakeClock()
        backend, peer = await self.long_linked(clock)
        until = clock.today()
        await peer.close()
        while await clock.next_sleep() != 1.0:
            pass
        clock.advance(1.0)
        self.assertEqual(await self.kept(backend), (["s1", "s2"], (until,)))

    async def test_a_session_is_remembered_though_nobody_notices_the_end_of_its_link(self):
        clock = FakeClock()
        backend, peer = await self.long_linked(clock)
        await self.settled(peer, 3)
        async with backend.transaction() as tx:
            self.assertEqual(tx.one("SELECT told_at FROM gw_sessions"), (clock.today(),))

    async def test_a_session_is_remembered_from_the_end_of_its_backend_on(self):
        clock = FakeClock()
        backend, peer = await self.long_linked(clock)
        until = clock.today()
        await self.stop(backend)
        clock.advance(1.0)
        backend = self.start(Lines(), clock=clock, forget_after=3600)
        self.assertEqual(await self.kept(backend), (["s1", "s2"], (until,)))

    async def test_an_outbox_larger_than_what_may_wait_goes_out_whole(self):
        backend, peer = await self.linked(1)
        await peer.close()
        peer = await self.gateway.accept()
        async with backend.transaction():
            for i in range(3000):
                backend.sessions[0].output(f"{i} " + "x" * 1000)
        peer.say_hello()
        peer.event("session.reconnected", session_block("s1", n=1))
        peer.event("link.ready", {"sessions": 1})
        texts = await peer.texts(3000)
        self.assertEqual([n for n, _ in texts], list(range(2, 3002)))
