"""Whatever dies, every command is carried out once and in order, and every output comes once."""

import asyncio
import json
import os
import random
import subprocess

from .gateway import gwctl
from .linked import LinkedTest

COMMANDS = 100


class CrashTest(LinkedTest):
    def setUp(self):
        self.seed = int(os.environ.get("GW_SUITE_SEED") or random.randrange(1 << 32))
        self.random = random.Random(self.seed)

    async def pause(self, longest):
        await asyncio.sleep(self.random.uniform(0, longest))  # the moment is what is random

    def assertCounted(self, player, last):
        self.assertEqual(player.failures, [], f"GW_SUITE_SEED={self.seed}")
        self.assertEqual(player.texts("total "), [f"total {i}" for i in range(1, last + 1)],
                         f"GW_SUITE_SEED={self.seed}")

    async def traffic(self, *players):
        """Each adds 1 so many times, a few at once."""
        async def one(player):
            for i in range(COMMANDS):
                player.command("add 1")
                if i % 4 == 3:
                    await asyncio.sleep(0.02)  # a pace, not a condition
        await asyncio.gather(*(one(player) for player in players))

    async def counted(self, *players):
        for player in players:
            await player.until(lambda: len(player.texts("total ")) >= COMMANDS, f"total {COMMANDS}")
            self.assertCounted(player, COMMANDS)
            player.command("echo and nothing more")
            await player.expect("and nothing more")
            self.assertCounted(player, COMMANDS)
            self.assertEqual(len(player.sessions), 1)


class TheWorldDies(CrashTest):
    async def test_before_the_commit_nothing_is_done_and_the_command_comes_again(self):
        anna = await self.v1()
        anna.command("add 5")
        anna.command("crash before")
        anna.command("add 1")
        self.assertEqual(await self.world.ended(), -9)
        await self.restart_world()
        await anna.expect("total 7")
        self.assertEqual(anna.texts("total ") + anna.texts("before "), ["total 5", "total 7", "before 6"])

    async def test_after_the_commit_all_is_done_and_the_command_is_not_carried_out_again(self):
        anna = await self.v1()
        anna.command("add 5")
        anna.command("crash after")
        anna.command("add 1")
        self.assertEqual(await self.world.ended(), -9)
        await self.restart_world()
        await anna.expect("total 7")
        self.assertEqual(anna.texts("total ") + anna.texts("after "), ["total 5", "total 7", "after 6"])

    async def test_in_the_middle_of_a_batch(self):
        anna = await self.v1()
        for i in range(60):
            anna.command("crash after" if i == 30 else "add 1")
        self.assertEqual(await self.world.ended(), -9)
        await self.restart_world()
        await anna.expect("total 60")
        self.assertEqual(anna.texts("total "), [f"total {i}" for i in (*range(1, 31), *range(32, 61))])
        self.assertEqual(anna.texts("after "), ["after 31"])

    async def test_at_random_moments_under_traffic(self):
        anna, sven = await self.v1(), await self.sse()
        typing = asyncio.create_task(self.traffic(anna, sven))
        for _ in range(4):
            await self.pause(0.3)
            await self.world.kill()
            await self.pause(0.1)
            await self.restart_world()
        await typing
        await self.counted(anna, sven)

    async def test_a_terminal_misses_nothing_either(self):
        tina = await self.telnet()
        await self.in_the_hall(tina)
        for i in range(30):
            await tina.type("add 1")
            if i == 10:
                await self.world.kill()
        await self.restart_world()
        await tina.expect("total 30")
        self.assertEqual(tina.texts("total "), [f"total {i}" for i in range(1, 31)])


class TheGatewayDies(CrashTest):
    async def test_at_random_moments_under_traffic(self):
        anna, sven = await self.v1(), await self.sse()
        typing = asyncio.create_task(self.traffic(anna, sven))
        for _ in range(3):
            await self.pause(0.4)
            await self.gateway.kill()
            await self.gateway.start()
            await self.world.ready()
        await typing
        await self.counted(anna, sven)

    async def test_both_at_once(self):
        anna, sven = await self.v1(), await self.sse()
        typing = asyncio.create_task(self.traffic(anna, sven))
        await self.pause(0.4)
        await asyncio.gather(self.gateway.kill(), self.world.kill())
        await self.gateway.start()
        await self.restart_world()
        await typing
        await self.counted(anna, sven)

    async def test_a_clean_restart_loses_nothing_either(self):
        anna = await self.v1()
        typing = asyncio.create_task(self.traffic(anna))
        await self.pause(0.2)
        self.assertEqual(await self.gateway.stop(), 0)
        await self.gateway.start()
        await self.world.ready()
        await typing
        await self.counted(anna)


class TheLinkIsCut(CrashTest):
    async def test_at_random_moments_under_traffic(self):
        anna, sven = await self.v1(), await self.sse()
        typing = asyncio.create_task(self.traffic(anna, sven))
        for i in range(4):
            await self.pause(0.3)
            self.relay.cut()
            self.assertEqual((await self.world.ready())["reconnects"], i + 1)
        await typing
        await self.counted(anna, sven)

    async def test_while_a_burst_is_on_its_way(self):
        anna = await self.v1()
        for _ in range(3):
            anna.command("burst 500")
            await self.pause(0.1)
            self.relay.cut()
            await self.world.ready()
            await anna.expect("500")
        numbers = [text for text in anna.texts() if text.isdigit()]  # the gateway says that the game is away
        self.assertEqual(numbers, [str(i) for i in range(1, 501)] * 3, f"GW_SUITE_SEED={self.seed}")

    async def test_what_is_said_to_a_room_comes_once_and_in_order(self):
        anna, sven = await self.v1(), await self.sse()
        await self.in_the_hall(anna, sven)
        wanted = [f"said {i}" for i in range(1, COMMANDS + 1)]
        for i, text in enumerate(wanted):
            anna.command(f"all {text}")
            await asyncio.sleep(0.005)
            if i % 30 == 29:
                self.relay.cut()
        for player in (anna, sven):
            await player.expect(wanted[-1])
            self.assertEqual(player.texts("said "), wanted, f"GW_SUITE_SEED={self.seed}")

    async def test_players_that_are_cut_themselves_see_each_line_once(self):
        anna, sven = await self.v1(), await self.sse()
        typing = asyncio.create_task(self.traffic(anna, sven))
        for _ in range(5):
            await self.pause(0.2)
            anna.cut()
            sven.cut()
        await typing
        await self.counted(anna, sven)


class SessionsEnd(CrashTest):
    async def test_what_a_session_that_is_over_is_sent_harms_nobody(self):
        anna, sven = await self.v1(), await self.sse()
        await self.in_the_hall(anna, sven)
        # The world does not know yet that the kick has ended it, and answers all of these: NOT_FOUND.
        anna.command("kick")
        for _ in range(50):
            anna.command("echo to nobody")
        await anna.until(lambda: anna.is_over, "the end")
        sven.command("add 1")
        await sven.expect("total 1")
        again = await self.v1("anna")
        again.command("add 3")
        await again.expect("total 3")

    async def test_one_that_ended_while_the_world_was_away_is_forgotten_without_harm(self):
        anna, sven = await self.v1(), await self.sse()
        anna.command("crash after")  # its output waits in the outbox
        self.assertEqual(await self.world.ended(), -9)
        self.assertTrue((await anna.call("logout", {}))["ok"])
        await anna.leave()
        self.assertEqual((await self.restart_world())["sessions"], 1)
        again = await self.v1("anna")
        again.command("add 1")
        await again.expect("total 2")
        sven.command("add 1")
        await sven.expect("total 1")
        self.assertEqual(again.texts("after "), [])

    async def test_a_link_that_an_operator_drains_ends_well(self):
        anna = await self.v1()
        anna.command("add 1")
        await anna.expect("total 1")
        connection = (await self.gwctl("backend", "show", "world"))["connections"][0]["id"]
        await self.gwctl("backend", "drain", "world", connection)
        self.assertEqual(await self.world.ended(), 0)
        anna.command("add 1")
        await self.restart_world()
        await anna.expect("total 2")

    async def gwctl(self, *arguments):
        ran = await asyncio.to_thread(subprocess.run, [gwctl(), "--socket", self.gateway.admin_socket, "--json",
                                                       *arguments], capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return json.loads(ran.stdout)
