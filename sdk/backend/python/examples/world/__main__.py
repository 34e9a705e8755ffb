"""python3 -m world --url … --token-file …"""

import argparse
import logging
import os
import sys

try:
    import gatehouse_backend
except ImportError:  # started from a checkout: the library lies two folders up
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    import gatehouse_backend

from .world import TwoRooms


def main():
    parser = argparse.ArgumentParser(prog="world", description="The Two Rooms, a world behind Gatehouse.")
    parser.add_argument("--url", default="ws://127.0.0.1:18780", help="the gateway: unix:/path or ws://host:port")
    parser.add_argument("--token-file", required=True, help="holds what gwctl backend token create printed")
    parser.add_argument("--db", default="world.db", help="accounts, world and link, in one file")
    parser.add_argument("--name", default="world", help="the backend's name, as the token has it")
    parser.add_argument("--relaxed", action="store_true", help="SQLite with synchronous=NORMAL: faster")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    backend = gatehouse_backend.Backend(
        TwoRooms(), url=options.url, token_file=options.token_file, name=options.name, db=options.db,
        synchronous="NORMAL" if options.relaxed else "FULL", client=("two-rooms", "1.0"))
    try:
        backend.run()
    except (gatehouse_backend.StoreFailed, OSError, ValueError) as error:
        sys.exit(f"world: {error}")


if __name__ == "__main__":
    main()
