"""Commands: in order, once each, whatever their handlers do."""

import asyncio
import contextlib
import sqlite3

from gatehouse_backend import outputs

from .fake_gateway import entered_block, session_block
from .linked import EchoWorld, LinkedTest, cancelled_task


class Commands(LinkedTest):
    async def test_answers_a_command_and_acknowledges_it(self):
        self.start()
        peer = await self.gateway.link()
        peer.event("session.entered", entered_block("s1"))
        peer.command("s1", 1, "hello")
        self.assertEqual(await peer.texts(1), [(1, "hello")])
        await peer.acked("s1", 1)

    async def test_carries_out_a_repeated_command_once_and_acknowledges_it_again(self):
        backend = self.start()
        peer = await self.gateway.link((session_block("s1"), (1, "a"), (2, "b")))
        await peer.acked("s1", 2)
        peer.command("s1", 1, "a")
        await peer.acked("s1", 1)
        peer.command("s1", 2, "b")
        peer.command("s1", 7, "c")
        await peer.acked("s1", 7)
        self.assertEqual(await self.said(backend), ["a", "b", "c"])
        self.assertEqual(await peer.texts(3), [(1, "a"), (2, "b"), (3, "c")])

    async def test_a_repeated_command_behind_a_reconnect_is_not_carried_out_again(self):
        backend = self.start()
        peer = await self.gateway.link((session_block("s1"), (1, "a")))
        await peer.acked("s1", 1)
        await self.stop(backend)
        backend = self.start()
        peer = await self.gateway.link((session_block("s1", n=1), (1, "a"), (2, "b")))
        await peer.acked("s1", 2)
        self.assertEqual(await self.said(backend), ["a", "b"])
        self.assertEqual(await peer.texts(1), [(2, "b")])

    async def test_commands_that_wait_share_a_transaction(self):
        class Counting(EchoWorld):
            transactions = set()

            def on_command(self, session, text, tx):
                self.transactions.add(tx)
                super().on_command(session, text, tx)

        self.start(Counting())
        commands = [(seq, f"line {seq}") for seq in range(1, 51)]
        peer = await self.gateway.link((session_block("s1"),))
        peer.send(*({"type": "event", "event": "command", "payload": {"session": "s1", "seq": seq, "text": text}}
                    for seq, text in commands))
        await peer.acked("s1", 50)
        self.assertEqual(await peer.texts(50), commands)
        self.assertLess(len(Counting.transactions), 10)

    async def test_a_failing_command_changes_nothing_and_holds_nobody_up(self):
        backend = self.start()
        peer = await self.gateway.link((session_block("s1"), (1, "a"), (2, "fail"), (3, "b")))
        await peer.acked("s1", 3)
        self.assertEqual(await self.said(backend), ["a", "b"])
        (_, first), (n, sorry), (_, last) = await peer.texts(3)
        self.assertEqual((first, n, last), ("a", 2, "b"))
        self.assertIn("went wrong", sorry)

    async def test_a_cancelled_task_that_a_handler_awaits_fails_its_command_alone(self):
        class Cancelling(EchoWorld):
            async def on_command(self, session, text, tx):
                super().on_command(session, text, tx)
                if text == "await":
                    await cancelled_task()

            def on_private(self, session, text, tx):
                raise asyncio.CancelledError  # as result() of such a task does

            async def on_disconnected(self, session, reason, tx):
                await cancelled_task()

            async def on_failure(self, session, tx):
                session.output("sorry")
                if session.state == "disconnected":
                    await cancelled_task()

        backend = self.start(Cancelling())
        peer = await self.gateway.link((session_block("s1"), (1, "a"), (2, "await"), (3, "b")))
        self.assertEqual(await peer.texts(3), [(1, "a"), (2, "sorry"), (3, "b")])
        peer.event("command.private", {"session": "s1", "text": "sesame"})
        self.assertEqual(await peer.texts(1), [(4, "sorry")])
        peer.event("session.disconnected", {"session": "s1", "reason": "networkError"})
        peer.command("s1", 4, "c")
        self.assertEqual(await peer.texts(1), [(5, "c")])
        self.assertEqual(await self.said(backend), ["a", "b", "c"])

    async def test_a_hook_that_asks_a_cancelled_task_for_its_result_takes_no_commit_back(self):
        class Hooking(EchoWorld):
            async def on_command(self, session, text, tx):
                with contextlib.suppress(asyncio.CancelledError):
                    await (task := cancelled_task())
                tx.on_commit(task.result)
                super().on_command(session, text, tx)

        backend = self.start(Hooking())
        peer = await self.gateway.link((session_block("s1"), (1, "a"), (2, "b")))
        self.assertEqual(await peer.texts(2), [(1, "a"), (2, "b")])
        self.assertEqual(await self.said(backend), ["a", "b"])

    async def test_a_handler_that_never_ends_is_ended(self):
        class Slow(EchoWorld):
            async def on_command(self, session, text, tx):
                if text == "slow":
                    await asyncio.Event().wait()
                super().on_command(session, text, tx)

        backend = self.start(Slow(), command_timeout=0.05)
        peer = await self.gateway.link((session_block("s1"), (1, "slow"), (2, "b")))
        await peer.acked("s1", 2)
        self.assertEqual(await self.said(backend), ["b"])

    async def test_a_handler_may_not_end_the_transaction(self):
        class Ending(EchoWorld):
            def on_command(self, session, text, tx):
                super().on_command(session, text, tx)
                if text == "commit":
                    tx.execute("COMMIT")

        backend = self.start(Ending())
        peer = await self.gateway.link((session_block("s1"), (1, "commit"), (2, "b")))
        await peer.acked("s1", 2)
        self.assertEqual(await self.said(backend), ["b"])

    async def test_a_commit_that_fails_is_tried_again_with_all_of_its_commands(self):
        backend = self.start()
        peer = await self.gateway.link((session_block("s1"),))
        peer.command("s1", 1, "a")
        await peer.acked("s1", 1)
        commit, fails = backend._store.commit, [True, True]

        def failing():
            if fails:
                fails.pop()
                raise sqlite3.OperationalError("disk I/O error")
            commit()
        backend._store.commit = failing
        peer.command("s1", 2, "b")
        await peer.acked("s1", 2)
        self.assertEqual(await self.said(backend), ["a", "b"])
        self.assertEqual(await peer.texts(2), [(1, "a"), (2, "b")])

    async def test_a_private_answer_has_a_handler_of_its_own(self):
        class Secret(EchoWorld):
            def on_private(self, session, text, tx):
                session.output(str(len(text)))

        backend = self.start(Secret())
        peer = await self.gateway.link((session_block("s1"),))
        peer.event("command.private", {"session": "s1", "text": "sesame"})
        self.assertEqual(await peer.texts(1), [(1, "6")])
        self.assertEqual(await self.said(backend), [])

    async def test_sessions_come_and_go(self):
        told = []

        class Telling(EchoWorld):
            def on_entered(self, session, tx):
                told.append(("entered", session.id, session.character.name))
                session.join("hall")

            def on_reconnected(self, session, cause, tx):
                told.append((cause, session.state, session.rooms))

            def on_disconnected(self, session, reason, tx):
                told.append((reason, session.state))

            def on_closed(self, session, reason, tx):
                told.append(("closed", reason))
                session.output("too late")

        backend = self.start(Telling())
        peer = await self.gateway.link()
        peer.event("session.entered", entered_block("s1", "Bea"))
        await peer.next_event("room.join")
        peer.event("session.disconnected", {"session": "s1", "reason": "networkError"})
        peer.event("session.reconnected", session_block("s1", cause="player"))
        peer.event("session.closed", {"session": "s1", "reason": "timeout"})
        peer.command("s1", 9, "nobody")
        peer.event("session.entered", entered_block("s2"))
        await peer.next_event("room.join")
        self.assertEqual(told, [("entered", "s1", "Bea"), ("networkError", "disconnected"),
                                ("player", "playing", []), ("closed", "timeout"), ("entered", "s2", "Anna")])
        self.assertEqual([session.id for session in backend.sessions], ["s2"])
        self.assertEqual(await self.outbox(backend), [("s2", 1)])

    async def test_a_session_first_told_of_at_a_reconnect_has_entered(self):
        entered = []

        class Telling(EchoWorld):
            def on_entered(self, session, tx):
                entered.append(session.id)

        self.start(Telling())
        peer = await self.gateway.link((session_block("s1", n=4), (1, "a")))
        self.assertEqual(await peer.texts(1), [(5, "a")])
        await peer.close()
        peer = await self.gateway.link((session_block("s1", n=5), (2, "b")))
        self.assertEqual(await peer.texts(1), [(6, "b")])
        self.assertEqual(entered, ["s1"])

    async def test_a_transaction_of_ones_own_sends_too(self):
        backend = self.start()
        peer = await self.gateway.link((session_block("s1"),))
        peer.command("s1", 1, "a")
        await peer.acked("s1", 1)
        async with backend.transaction() as tx:
            backend.sessions[0].output("tick")
            tx.room_output("hall", outputs.text("tock"), exclude=backend.sessions)
        with self.assertRaises(RuntimeError):
            backend.sessions[0].output("no transaction")
        with self.assertRaises(ZeroDivisionError):
            async with backend.transaction() as tx:
                backend.sessions[0].output("never")
                1 / 0
        self.assertEqual(await peer.texts(2), [(1, "a"), (2, "tick")])
        frame = await peer.next_event("room.output")
        self.assertEqual(frame, {"type": "event", "event": "room.output", "n": 1, "payload": {
            "room": "hall", "output": {"type": "text", "text": "tock"}, "exclude": ["s1"]}})

    async def test_a_transaction_within_one_is_a_clear_error(self):
        backend = self.start()
        await self.gateway.link()
        async with backend.transaction():
            with self.assertRaisesRegex(RuntimeError, "open here already"):
                async with backend.transaction():
                    pass

    async def test_a_task_made_in_a_handler_waits_for_a_transaction_of_its_own(self):
        class Handing(EchoWorld):
            async def on_command(self, session, text, tx):
                begun = asyncio.Event()
                self.task = asyncio.create_task(self.answer(session, begun))
                await begun.wait()
                super().on_command(session, text, tx)

            async def answer(self, session, begun):
                begun.set()  # the handler goes on only when this task waits
                async with self.transaction():
                    session.output("later")

        self.start(Handing())
        peer = await self.gateway.link((session_block("s1"), (1, "now")))
        self.assertEqual(await peer.texts(1), [(1, "now")])
        await self.world.task
        self.assertEqual(await peer.texts(1), [(2, "later")])

    async def test_an_uncounted_output_goes_out_now_or_never(self):
        backend = self.start()
        peer = await self.gateway.link((session_block("s1"),))
        peer.command("s1", 1, "a")
        await peer.acked("s1", 1)
        backend.sessions[0].output("fleeting", delivery="drop", counted=False)
        self.assertEqual(await peer.texts(2), [(1, "a"), (None, "fleeting")])
        self.assertEqual(await self.outbox(backend), [("s1", 1)])
        with self.assertRaises(ValueError):
            backend.sessions[0].output("x", counted=False)
