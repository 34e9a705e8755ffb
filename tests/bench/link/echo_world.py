#!/usr/bin/env python3
"""A backend that says every line again: what the Python library costs. For scripts/bench.sh link."""

import argparse
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "sdk", "backend", "python"))
from gatehouse_backend import Backend, User, World  # noqa: E402


class EchoWorld(World):
    has_characters = False
    allows_guests = True
    guests = 0

    def on_ready(self, sessions):
        print(json.dumps({"event": "ready"}), flush=True)

    async def authenticate(self, login):
        return User(f"u-{login.username}", login.username)

    async def guest(self, login):
        self.guests += 1
        return User(f"g-{self.guests}", f"Guest{self.guests}")

    def on_command(self, session, text, tx):
        session.output(text)


def main():
    parser = argparse.ArgumentParser()
    for flag in ("--url", "--token-file", "--db"):
        parser.add_argument(flag, required=True)
    flags = parser.parse_args()
    Backend(EchoWorld(), url=flags.url, token_file=flags.token_file, db=flags.db, name="world",
            synchronous="NORMAL").run()


if __name__ == "__main__":
    main()
