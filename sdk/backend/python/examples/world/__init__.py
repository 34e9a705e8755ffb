"""The Two Rooms: a small world that shows what gatehouse_backend is for. README.md says how to start it."""
