#!/usr/bin/env python3
"""Nothing is lost and nothing done twice, whoever dies: the gateway (strict) and its backend are killed at random
moments, while players on every channel send numbered commands and come back by themselves. Then the books are closed:

  gateway.v1 and SSE   each accepted command was carried out once and in order: the totals heard are 1, 2, 3 …, each
                       once; what was acknowledged is there; no gap
  telnet               totals in order with nothing missing, repeats only right after a login; never more than was typed
  a room               what each speaker says is heard by everybody, once and in order

GW_GWHOST is the gateway's program; GW_CONTRACT_WORLD the world's command line (the Python contract world if it is not
set). The seed is printed; --seed repeats the plan of an earlier run. Exits 0 if the books are right.
"""

import argparse
import asyncio
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import defaultdict

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
CONTRACT = os.path.join(ROOT, "sdk", "backend", "contract")
sys.path.insert(0, CONTRACT)
from suite.gateway import Gateway  # noqa: E402
from suite.program import Program  # noqa: E402
from suite.sse import SsePlayer  # noqa: E402
from suite.telnet import TelnetPlayer  # noqa: E402
from suite.v1 import V1Player  # noqa: E402


class Wrong(Exception):
    """The books are not right."""


class Account:
    """What a player did and heard; with each number, where it was heard, for those who look for a fault."""

    def __init__(self, *values, **more):
        super().__init__(*values, **more)
        self.adds = 0
        self.says = 0
        self.totals = []  # (total, comebacks, where)
        self.said = defaultdict(list)  # speaker: [(number, comebacks, where)]
        self.lines = 0

    def note(self, event, payload):
        text = payload.get("text")
        if not isinstance(text, str):
            return
        self.lines += 1
        word, _, rest = text.partition(" ")
        where = (self.comebacks, getattr(self, "position", None))
        if word == "total":
            self.totals.append((int(rest), *where))
        elif word == "said":
            speaker, _, number = rest.partition(" ")
            self.said[speaker].append((int(number), *where))
        elif text == "in":
            super().note(event, payload)
        self._wake()

    def describe(self):
        said = {speaker: entries[-1] for speaker, entries in self.said.items()}
        return f"{super().describe()}, {self.adds} adds, last total {self.totals[-1:]}, last said {said}"

    def last_total(self):
        return self.totals[-1][0] if self.totals else 0


class Numbered(Account):
    """gateway.v1 keeps the books: all must be there, once and in order."""

    async def add(self):
        self.adds += 1
        self.command("add 1")

    async def say(self):
        self.says += 1
        self.command(f"all said {self.name} {self.says}")

    def is_settled(self):
        return not self.sent and self.last_total() >= self.adds

    def check(self, speakers):
        self.check_list("its totals", self.totals, range(1, self.adds + 1))
        for speaker in speakers:
            self.check_list(f"what {speaker.name} said", self.said[speaker.name], speaker.carried_out())
        if len(self.sessions) != 1:
            raise Wrong(f"{self.name} had {len(self.sessions)} sessions")

    def carried_out(self):
        return range(1, self.says + 1)

    def check_list(self, what, heard, wanted):
        wanted = list(wanted)
        for i in range(max(len(heard), len(wanted))):
            got = heard[i][0] if i < len(heard) else None
            if got != (wanted[i] if i < len(wanted) else None):
                raise Wrong(f"{self.name}: {what}: number {i + 1} of {len(wanted)} is {got}; around it (number, "
                            f"comebacks, position): {heard[max(0, i - 3):i + 4]}")


class AccountedV1(Numbered, V1Player):
    pass


class AccountedSse(Numbered, SsePlayer):
    pass


class AccountedTelnet(Account, TelnetPlayer):
    """No numbers: a line may be lost on its way in; what was carried out is told in order, and may be told again."""

    async def add(self):
        self.adds += await self.type("add 1")

    async def say(self):
        if await self.type(f"all said {self.name} {self.says + 1}"):
            self.says += 1

    def is_settled(self):
        return True

    def carried_out(self):
        return [number for number, *_ in self.once("what it said itself", self.said[self.name], False)]

    def once(self, what, heard, is_dense):
        """Without what was told again after a login."""
        found, last = [], None
        for entry in heard:
            number, comeback, _ = entry
            is_first = last is None or last[1] != comeback
            newest = found[-1][0] if found else 0
            if number <= newest and not is_first and number <= last[0]:
                raise Wrong(f"{self.name}: {what}: {number} again without a login; before it {last}")
            if number > newest:
                if is_dense and number != newest + 1:
                    raise Wrong(f"{self.name}: {what}: {number} follows {newest}; around it {last} {entry}")
                found.append(entry)
            last = entry
        return found

    def check(self, speakers):
        totals = self.once("its totals", self.totals, True)
        if len(totals) > self.adds:
            raise Wrong(f"{self.name} typed {self.adds} lines, and {len(totals)} were carried out")
        for speaker in speakers:
            once = [number for number, *_ in self.once(f"what {speaker.name} said", self.said[speaker.name], False)]
            if once != list(speaker.carried_out()):
                raise Wrong(f"{self.name}: {speaker.name} said {list(speaker.carried_out())[-20:]}, heard {once[-20:]}")


class Accounting:
    def __init__(self, folder, options):
        self._options = options
        self._random = random.Random(options.seed)
        self._gateway = Gateway(folder, loops=options.loops)
        self._folder = folder
        self._begun = time.monotonic()
        self.told = []

    def tell(self, what):
        self.told.append(f"{time.monotonic() - self._begun:7.2f} {time.strftime('%H:%M:%S')} {what}")

    async def run(self):
        self._gateway.make_token()
        await self._gateway.start()
        self._world = Program(self._folder, self._gateway.link_url, self._gateway.token_file)
        await self._world.start()
        await self._world.ready()
        try:
            await self._play()
        finally:
            for player in self.players:
                await player.leave()
            await self._world.stop()
            await self._gateway.stop()

    async def _play(self):
        kinds = (AccountedV1, AccountedSse, AccountedTelnet)
        self.players = [kinds[i % 3](self._gateway, f"p{i:03}", seed=self._options.seed)
                        for i in range(self._options.players)]
        self.speakers = self.players[:6]
        entering = asyncio.Semaphore(16)

        async def enter(player):
            async with entering:
                await player.enter()
                await player.do("echo in")
                await player.expect("in")
        await asyncio.gather(*(enter(player) for player in self.players))
        self.tell(f"{len(self.players)} players are in the hall")
        self._is_over = False
        acting = [asyncio.create_task(self._act(player)) for player in self.players]
        try:
            await self._kill()
            self._is_over = True
            await asyncio.gather(*acting)
            await self._settle()
        finally:
            for task in acting:
                task.cancel()
            await asyncio.gather(*acting, return_exceptions=True)
        for player in self.players:
            if player.failures:
                raise Wrong("; ".join(player.failures))
            player.check(self.speakers)

    async def _act(self, player):
        pace = random.Random(f"{self._options.seed} {player.name} pace")
        while not self._is_over:
            await asyncio.sleep(pace.expovariate(self._options.rate))
            if player.failures:
                raise Wrong("; ".join(player.failures))
            if len(getattr(player, "sent", ())) > 20:
                continue  # a slow disk takes them more slowly than they are made
            if player in self.speakers and pace.random() < 0.5:
                await player.say()
            for _ in range(pace.choice((1, 1, 1, 3))):
                await player.add()

    # Killing.

    async def _kill(self):
        kills = ["world", "gateway"] * self._options.kills
        self._random.shuffle(kills)
        for which in kills:
            await asyncio.sleep(self._random.uniform(0.1, self._options.pause))
            if which == "world":
                await self._kill_world()
            else:
                await self._kill_gateway()

    async def _kill_world(self):
        self.tell("the world is killed")
        await self._world.kill()
        await asyncio.sleep(self._random.choice((0, 0.3)))
        await self._world.start()

    async def _kill_gateway(self):
        self.tell("the gateway is killed")
        await self._gateway.kill()
        if self._random.random() < 0.25:
            moment = self._random.uniform(0, 0.5)
            self.tell(f"and again, {moment:.2f} s after its start")
            await self._gateway.start_and_kill(moment)
        await self._gateway.start()
        self.tell("the gateway is up")

    # In peace.

    async def _settle(self):
        """Until everything has arrived. The last words of each come after all that they did before."""
        self.tell("peace")
        for player in self.players:
            await player.until(player.is_in.is_set, "to be in")
        for speaker in self.speakers:
            before = len(speaker.said[speaker.name])
            await speaker.say()
            wanted = speaker.says
            await speaker.until(lambda: any(entry[0] == wanted for entry in speaker.said[speaker.name][before:]),
                                "its own last word", self._options.patience)
            for player in self.players:
                await player.until(lambda: any(entry[0] == wanted for entry in player.said[speaker.name][-50:]),
                                   f"the last word of {speaker.name}", self._options.patience)
        for player in self.players:
            await player.until(player.is_settled, f"total {player.adds}", self._options.patience)
            player._cursor = len(player.heard)
            await player.do("echo in")
            await player.expect("in")
        self.tell("all has arrived")

    def figures(self):
        numbered = [player for player in self.players if isinstance(player, Numbered)]
        terminals = [player for player in self.players if isinstance(player, AccountedTelnet)]
        typed = sum(player.adds for player in terminals)
        done = sum(max((total for total, *_ in player.totals), default=0) for player in terminals)
        return (f"{len(self.players)} players, {self._options.kills} kills of each; "
                f"{sum(player.adds + player.says for player in numbered)} numbered commands once each; "
                f"{done} of {typed} typed at terminals; "
                f"{sum(player.says for player in self.speakers)} lines to the room; "
                f"{sum(player.lines for player in self.players)} lines heard; "
                f"{sum(player.comebacks - 1 for player in self.players)} comebacks; "
                f"{time.monotonic() - self._begun:.0f} s")


def options_from(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--players", type=int, default=30)
    parser.add_argument("--kills", type=int, default=3, help="of the gateway, and as many of the world")
    parser.add_argument("--rate", type=float, default=4.0, help="how often a player does something, per second")
    parser.add_argument("--pause", type=float, default=2.0, help="the longest between two kills, in seconds")
    parser.add_argument("--loops", type=int, default=1, help="of the gateway")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds for everything to arrive in the end")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds for all of it")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("GW_ACCOUNTING_SEED") or
                                                        random.SystemRandom().randrange(1 << 32)))
    parser.add_argument("--keep", action="store_true", help="the folder, also if all is right")
    return parser.parse_args(arguments)


async def account(accounting, limit):
    async with asyncio.timeout(limit):
        await accounting.run()


def main(arguments):
    options = options_from(arguments)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.environ.setdefault("GW_CONTRACT_WORLD", f"{sys.executable} {os.path.join(CONTRACT, 'contract_world.py')}")
    folder = tempfile.mkdtemp(prefix="gw-accounting-")
    print(f"GW_ACCOUNTING_SEED={options.seed} players {options.players}, kills {options.kills}", flush=True)
    accounting = Accounting(folder, options)
    try:
        asyncio.run(account(accounting, options.limit))
    except (Wrong, AssertionError, TimeoutError) as wrong:
        print("\n".join(accounting.told))
        print(f"WRONG: {wrong or 'it took too long'}\nLogs and databases: {folder}")
        return 1
    print(accounting.figures())
    if not options.keep:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
