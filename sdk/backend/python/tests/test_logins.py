"""What the gateway asks is answered: yes, no, too late, not at all."""

import asyncio

from gatehouse_backend import Character, Refused, User

from .linked import EchoWorld, LinkedTest, cancelled_task

LOGIN = {"session": "s1", "username": "anna", "password": "x", "address": "127.0.0.1"}


class Logins(LinkedTest):
    async def ask(self, method, params, world=None, **policy):
        self.start(world, db=f"{len(self._running)}.db")
        peer = await self.gateway.link(policy=policy)
        peer.request("g1", method, params)
        return await peer.next_answer("g1")

    async def test_a_user_is_let_in(self):
        answer = await self.ask("authenticate", LOGIN)
        self.assertEqual(answer["payload"], {"user": {"id": "u-anna", "name": "anna", "plain": False}})

    async def test_a_wrong_password_is_not(self):
        answer = await self.ask("authenticate", {**LOGIN, "password": "wrong"})
        self.assertEqual(answer["error"], {"code": "UNAUTHORIZED", "message": "Wrong name or password.",
                                           "details": {"reason": "invalidCredentials"}})

    async def test_what_a_world_does_not_offer_is_refused(self):
        for method, code in (("register", "FORBIDDEN"), ("guest", "FORBIDDEN")):
            self.assertEqual((await self.ask(method, LOGIN))["error"]["code"], code)

    async def test_characters_are_listed_found_by_name_and_not_found(self):
        self.start()
        peer = await self.gateway.link()
        peer.request(1, "characters.list", {"user": "u"})
        anna = {"id": "c-1", "name": "Anna", "summary": "a rogue"}
        self.assertEqual((await peer.next_answer(1))["payload"], {"characters": [anna]})
        for wanted in ("c-1", "anna"):
            peer.request(wanted, "characters.select", {"user": "u", "character": wanted})
            self.assertEqual((await peer.next_answer(wanted))["payload"], {"character": anna})
        peer.request(2, "characters.select", {"user": "u", "character": "bea"})
        self.assertEqual((await peer.next_answer(2))["error"]["details"], {"reason": "notFound"})

    async def test_a_character_is_made_of_what_was_sent(self):
        class Making(EchoWorld):
            async def create_character(self, user_id, name, wanted):
                return Character("c-2", name, wanted["race"])

        answer = await self.ask("characters.create", {"user": "u", "name": "Bea", "race": "elf"}, Making())
        self.assertEqual(answer["payload"], {"character": {"id": "c-2", "name": "Bea", "summary": "elf"}})

    async def test_params_that_are_none_are_refused(self):
        for method in ("authenticate", "guest", "characters.list", "characters.create", "characters.select"):
            answer = await self.ask(method, {"session": 5})
            self.assertEqual(answer["error"]["code"], "INVALID_REQUEST")

    async def test_a_handler_that_raises_or_answers_nonsense_is_an_internal_error_without_details(self):
        class Raising(EchoWorld):
            def authenticate(self, login):
                raise RuntimeError("the secret is xyzzy")

        class Nonsense(EchoWorld):
            def authenticate(self, login):
                return None

        class Cancelling(EchoWorld):
            async def authenticate(self, login):
                await cancelled_task()

        for world in (Raising(), Nonsense(), Cancelling()):
            error = (await self.ask("authenticate", LOGIN, world))["error"]
            self.assertEqual(error["code"], "INTERNAL")
            self.assertNotIn("xyzzy", error["message"])

    async def test_a_login_that_takes_too_long_is_answered_in_time_and_delays_no_other(self):
        class Slow(EchoWorld):
            async def authenticate(self, login):
                if login.username == "slow":
                    await asyncio.Event().wait()
                return User("u", "fast")

        self.start(Slow())
        peer = await self.gateway.link(policy={"callTimeoutMs": 300})
        peer.request("slow", "authenticate", {**LOGIN, "username": "slow"})
        peer.request("fast", "authenticate", LOGIN)
        self.assertTrue((await peer.next_answer("fast"))["ok"])
        self.assertEqual((await peer.next_answer("slow"))["error"]["code"], "TIMEOUT")

    async def test_a_cancelled_login_ends_without_an_answer(self):
        begun, ended = asyncio.Event(), asyncio.Event()

        class Slow(EchoWorld):
            async def authenticate(self, login):
                begun.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    ended.set()

        self.start(Slow())
        peer = await self.gateway.link()
        peer.request("g1", "authenticate", LOGIN)
        async with asyncio.timeout(60):
            await begun.wait()
            peer.event("cancel", {"id": "g1"})
            await ended.wait()
        peer.request("g2", "heartbeat", {})
        await peer.next_answer("g2")
        self.assertFalse(any('"g1"' in message for message in peer.messages))

    async def test_a_refusal_may_say_when_to_come_back(self):
        class Limiting(EchoWorld):
            def authenticate(self, login):
                raise Refused.rate_limited(15)

        error = (await self.ask("authenticate", LOGIN, Limiting()))["error"]
        self.assertEqual((error["code"], error["retryable"], error["retryAfterMs"]), ("RATE_LIMITED", True, 15000))

    async def test_a_password_is_in_no_log(self):
        from gatehouse_backend import Login
        self.assertNotIn("sesame", repr(Login("s", "anna", "sesame", "::1")))
