"""Each command of the contract, as a player sees it."""

from .linked import LinkedTest


class Commands(LinkedTest):
    async def test_what_each_command_does_on_gateway_v1(self):
        anna = await self.v1()
        anna.command("echo  Grüße  von ß ")
        # Blanks at the end of a line are the gateway's business; what is inside is not.
        self.assertEqual((await anna.expect_event("output"))["text"].rstrip(), " Grüße  von ß")
        for text, answer in (("add 5", "total 5"), ("add -2", "total 3"), ("add 0", "total 3"), ("add", "? add"),
                             ("add x", "? add x"), ("burst ten", "? burst ten"), ("crash", "? crash"),
                             ("crash now", "? crash now"), ("Echo x", "? Echo x"), ("dance", "? dance"),
                             ("who", "state playing"), ("who is there", "state playing")):
            anna.command(text)
            self.assertEqual((await anna.expect_event("output"))["text"], answer)
        anna.command("burst 3")
        self.assertEqual([(await anna.expect_event("output"))["text"] for _ in range(3)], ["1", "2", "3"])
        anna.command("room")
        room = await anna.expect_event("output")
        self.assertEqual(room["outputType"], "roomDescription")
        self.assertEqual({key: room["data"][key] for key in ("name", "description", "exits", "entities", "items")},
                         {"name": "Hall", "description": "A bare hall.", "exits": ["north"], "entities": ["Anna"],
                          "items": ["lamp"]})
        anna.command("fight")
        fight = await anna.expect_event("output")
        self.assertEqual((fight["text"], fight["outputType"]), ("Anna hits rat for 3 damage.", "combat"))
        self.assertEqual({"critical": False} | fight["data"],
                         {"attacker": "Anna", "defender": "rat", "action": "hits", "damage": 3, "critical": False})
        anna.command("data")
        data = await anna.expect_event("output")
        self.assertEqual((data["text"], data["outputType"], data["data"]), ("data", "World.Data", {"list": [1, 2, 3]}))
        anna.command("color")
        color = await anna.expect_event("output")
        self.assertEqual((color["text"], len(color["spans"])), ("Grüße red", 1))
        self.assertEqual({key: color["spans"][0][key] for key in ("start", "len", "fg", "attrs")},
                         {"start": 8, "len": 3, "fg": 0x01000001, "attrs": 1})
        anna.command("system")
        system = await anna.expect_event("output")
        self.assertEqual((system["text"], system["outputType"]), ("*** system", "system"))
        self.assertEqual(system["data"]["level"], "info")
        anna.command("stats")
        self.assertEqual((await anna.expect_event("entity.changed"))["data"], {"total": 3})

    async def test_a_hidden_prompt_is_answered_in_private(self):
        anna = await self.v1()
        anna.command("hidden")
        prompt = await anna.expect_event("prompt")
        self.assertEqual((prompt["text"], prompt["echo"]), ("Secret: ", False))
        self.assertTrue((await anna.say("Grüße"))["ok"])
        await anna.expect("hidden 7")
        anna.command("echo again")
        await anna.expect("again")

    async def test_rooms_are_heard_by_all_who_are_in_once_and_in_order(self):
        anna, sven, tina = await self.v1(), await self.sse(), await self.telnet()
        await self.in_the_hall(anna, sven, tina)
        for i in range(20):
            anna.command(f"all anna {i}")
            sven.command(f"all sven {i}")
            await tina.type(f"all tina {i}")
        for player in (anna, sven, tina):
            for speaker in ("anna", "sven", "tina"):
                wanted = [f"{speaker} {i}" for i in range(20)]
                await player.until(lambda: len(player.texts(f"{speaker} ")) >= 20, f"what {speaker} says")
                self.assertEqual(player.texts(f"{speaker} "), wanted)

    async def test_terminals_see_all_of_it_as_text(self):
        tina = await self.telnet()
        for text, lines in (("add 2", ["total 2"]), ("fight", ["Tina hits rat for 3 damage."]), ("data", ["data"]),
                            ("color", ["Grüße red"]), ("system", ["*** system"]), ("who", ["state playing"]),
                            ("room", ["Hall", "A bare hall.", "Exits: north", "Here: Tina", "You see: lamp"]),
                            ("nonsense", ["? nonsense"])):
            await tina.type(text)
            for line in lines:
                await tina.expect(line)
        await tina.type("hidden")
        await tina.until(lambda: tina.unfinished.endswith("Secret: "), "the prompt")
        await tina.type("sesame")
        await tina.expect("hidden 6")

    async def test_a_kick_ends_the_session_and_no_other(self):
        anna, tina = await self.v1(), await self.telnet()
        await tina.type("kick")
        await tina.expect("Goodbye.")
        await tina.leave()
        anna.command("echo still here")
        await anna.expect("still here")

    async def test_a_burst_arrives_whole(self):
        anna = await self.v1()
        anna.command("burst 500")
        await anna.expect("500")
        self.assertEqual(anna.texts(), [str(i) for i in range(1, 501)])

    async def test_many_commands_in_one_message(self):
        anna = await self.v1()
        for _ in range(90):  # 100 may wait
            anna.command("add 1")
        await anna.expect("total 90")
        self.assertEqual(anna.texts("total "), [f"total {i}" for i in range(1, 91)])

    async def test_it_ends_well_when_it_is_asked_to(self):
        anna = await self.v1()
        anna.command("add 1")
        await anna.expect("total 1")
        self.assertEqual(await self.world.stop(), 0)
        anna.command("add 1")
        told = await self.restart_world()
        self.assertEqual((told["event"], told["sessions"], told["reconnects"]), ("ready", 1, 0))
        await anna.expect("total 2")
