"""The world of docs/backend-authors/first-world.md does what its page says."""

import os
import re
import types

from .fake_gateway import session_block
from .linked import LinkedTest

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../../docs/backend-authors/first-world.md")


def button_world():
    with open(PAGE, encoding="utf-8") as page:
        source = re.search(r"^```python\n(.*?)^```", page.read(), re.MULTILINE | re.DOTALL).group(1)
    module = types.ModuleType("button")
    exec(compile(source, "first-world.md", "exec"), module.__dict__)
    return module.Button()


class FirstWorld(LinkedTest):
    async def test_the_button_counts_over_a_restart(self):
        backend = self.start(button_world())
        peer = await self.gateway.link()
        peer.request("g1", "register", {"session": "s1", "username": "Anna", "password": "x", "address": "::1"})
        user = (await peer.next_answer("g1"))["payload"]["user"]
        playing = {"session": "s1", "user": {**user, "guest": False}, "character": {"id": user["id"], "name": "Anna"}}
        peer.event("session.entered", playing)
        self.assertIn("Welcome, Anna", (await peer.texts(1))[0][1])
        peer.command("s1", 1, "press")
        self.assertEqual(await self.click(peer), "Anna presses the button. Click 1!")
        await self.stop(backend)
        self.start(button_world())
        peer = await self.gateway.link(({**session_block("s1", n=2), **playing}, (2, "press"), (3, "press")), n=1)
        self.assertEqual(await self.click(peer), "Anna presses the button. Click 2!")
        self.assertEqual(await self.click(peer), "Anna presses the button. Click 3!")
        peer.command("s1", 4, "dance")
        self.assertEqual((await peer.texts(1))[0][1], "There is only the button.")

    async def click(self, peer):
        return (await peer.next_event("room.output"))["payload"]["output"]["text"]
