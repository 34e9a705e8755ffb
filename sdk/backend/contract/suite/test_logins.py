"""Logins and characters: what the world answers is what players are told."""

from .linked import LinkedTest
from .player import Ended
from .telnet import TelnetPlayer
from .v1 import V1Player


class Refusing(V1Player):
    """Keeps the first answer to connect, whatever it is."""
    register = False
    answer = None

    def connect_params(self):
        params = super().connect_params()
        if self.character is None:
            del params["character"]
        params["auth"]["register"] = self.register
        return params

    def take_hello(self, frame):
        self.answer = frame
        if not frame.get("ok"):
            raise Ended()
        if "reconnectToken" in frame["payload"]["session"]:  # else it does not play yet
            super().take_hello(frame)
        else:
            self.conn_id = None


class Logins(LinkedTest):
    config = {"backend": {"mode": "link", "name": "world", "callTimeout": "1s",
                          "listen": {"bind": "127.0.0.1", "port": 0}}}

    async def error(self, name, password="secret", **more):
        player = Refusing(self.gateway, name)
        player.password = password
        for key, value in more.items():
            setattr(player, key, value)
        try:
            await player._one_connection()
        except Ended:
            pass
        error = player.answer["error"]
        return error["code"], error.get("details", {}).get("reason")

    async def before_playing(self, name):
        player = Refusing(self.gateway, name)
        player.character = None
        self._players.append(player)
        await player.enter()
        return player

    async def test_who_is_let_in_and_who_is_not(self):
        for register in (False, True):
            with self.subTest(register=register):
                self.assertEqual(await self.error("anna", "wrong", register=register),
                                 ("UNAUTHORIZED", "invalidCredentials"))
                self.assertEqual(await self.error("locked", register=register), ("FORBIDDEN", "accountLocked"))
                player = Refusing(self.gateway, f"bea{register}")
                player.register = register
                self._players.append(player)
                await player.enter()
                self.assertEqual(player.answer["payload"]["session"]["character"],
                                 {"id": f"c-bea{register}".lower(), "name": f"Bea{register}".lower().capitalize()})
        self.assertEqual(await self.error("anna", character="Nobody"), ("NOT_FOUND", "notFound"))

    async def test_a_login_that_is_never_answered_holds_up_no_other(self):
        self.assertEqual((await self.error("slow"))[0], "TIMEOUT")
        anna = await self.v1()
        anna.command("echo here")
        await anna.expect("here")

    async def test_characters_are_made_listed_and_chosen(self):
        anna = await self.before_playing("anna")
        for name, code, reason in (("", "INVALID_REQUEST", "invalidData"), ("Taken", "CONFLICT", "nameTaken")):
            error = (await anna.call("characters.create", {"name": name}))["error"]
            self.assertEqual(error["code"], code)
            if name:  # the gateway may see for itself that there is no name
                self.assertEqual(error["details"]["reason"], reason)
        for name in ("Zoe", "Bo"):
            made = await anna.call("characters.create", {"name": name})
            self.assertEqual(made["payload"]["character"]["id"], f"c-{name.lower()}")
        await anna.leave()
        await self.world.kill()
        await self.restart_world()
        anna = await self.before_playing("anna")
        listed = (await anna.call("characters.list", {}))["payload"]["characters"]
        self.assertEqual([(one["id"], one["name"]) for one in listed],
                         [("c-anna", "Anna"), ("c-bo", "Bo"), ("c-zoe", "Zoe")])
        self.assertEqual((await anna.call("characters.select", {"name": "nobody"}))["error"]["code"], "NOT_FOUND")
        chosen = await anna.call("characters.select", {"name": "zOE"})
        self.assertEqual(chosen["payload"]["character"], {"id": "c-zoe", "name": "Zoe"})
        await anna.say("room")
        self.assertEqual((await anna.expect_event("output"))["data"]["entities"], ["Zoe"])

    async def test_a_terminal_is_greeted_and_asked_again(self):
        tina = TelnetPlayer(self.gateway, "tina")
        tina.password = "wrong"
        with self.assertRaises(Ended) as refused:
            await tina._one_connection()
        self.assertIn("ame", str(refused.exception))
        tina = await self.telnet()
        await tina.type("room")
        await tina.expect("Here: Tina")
