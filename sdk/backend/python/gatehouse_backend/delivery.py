"""Gets counted frames from the outbox to the gateway: once each, in order, over reconnects.

The outbox is the only queue: pump() reads from it what has not been sent on this connection.
A frame is sent if its session is live and its n is the next one. Streams that must go back (told of after link.ready,
refused, paused) are *behind*: they are sent from the outbox by n before the rest goes on by id.

Memory follows the database: what a transaction changes here, it changes in a hook, after the commit.
"""

import logging

from . import frames
from .session import Stream

_log = logging.getLogger("gatehouse_backend")
_AT_ONCE = 200  # rows a read


class Delivery:
    def __init__(self, store, wants_trim):
        self._store = store
        self._wants_trim = wants_trim  # called when acknowledged frames wait to be deleted
        self._acked = {}  # stream key: n
        self._behind = {}  # Stream: None; a set that keeps its order
        self._cursor = 0  # rows up to this id have been looked at
        self.connection = None
        self.is_ready = False
        self.global_stream = Stream("", store.count_without_session())
        self.streams = {"": self.global_stream}

    # The connection.

    def attach(self, connection):
        self.connection = connection

    def detach(self):
        self.connection = None
        self.is_ready = False
        self._behind.clear()
        self._acked.clear()  # the next connection may give the same numbers to other frames; it tells what it has
        for stream in self.streams.values():
            stream.is_live = False

    def ready(self, tx, connection):
        """All sessions have been told: now everything that the gateway lacks goes out, oldest first."""
        def begin():
            if self.connection is connection:
                self._behind.clear()
                self._cursor = 0
                self.is_ready = True
        tx.on_commit(begin)

    def told(self, tx, connection, stream, theirs, refused_up_to=0):
        """The gateway has this stream's frames up to theirs. Numbers that it has lost again are used again."""
        self._store.trim(stream.key, theirs)
        tx.counts[stream] = self._store.renumber(stream.key, theirs + 1)

        def go_on():
            if self.connection is connection:
                stream.is_live = True
                stream.is_paused = False
                stream.sent = theirs
                stream.refused_up_to = refused_up_to
                self._behind[stream] = None
        tx.on_commit(go_on)

    def entered(self, tx, connection, stream):
        """Of a session that is new: both sides begin at 1."""
        def go_on():
            if self.connection is connection:
                stream.is_live = True
        tx.on_commit(go_on)

    # What the gateway says of frames.

    def ack(self, key, n):
        stream = self.streams.get(key)
        if stream and stream.is_live:
            self._acked[key] = max(self._acked.get(key, 0), min(n, stream.sent))
            self._wants_trim()

    def trim(self):
        """Within a transaction; trimmed() once it is committed."""
        for key, n in self._acked.items():
            self._store.trim(key, n)

    def refused(self, tx, connection, stream, event, n, error, retry):
        """A link.error about a frame of this stream; retry(seconds, then) calls then() later."""
        code, flight = error.get("code"), stream.sent
        if n is not None and n <= stream.refused_up_to:
            # Sent before the go-back: the gateway refuses each of these for the one that it lacked.
            if n == stream.refused_up_to:
                stream.refused_up_to = 0
            return
        details = error.get("details") if isinstance(error.get("details"), dict) else {}
        expected = details.get("expected")
        is_misplaced = code == "FORBIDDEN" and details.get("reason") == "otherConnection"
        rest = flight if n is not None and n < flight else 0
        if code == "CONFLICT" and isinstance(expected, int) and expected >= 1:
            _log.warning("the gateway lacks frame %d of %r; going back", expected, stream.key)
            self.told(tx, connection, stream, expected - 1, rest)
        elif is_misplaced and stream.key:
            _log.warning("session %s is served by another connection", stream.key)
            stream.is_live = False
        elif n is not None and (error.get("retryable") or is_misplaced):
            # Misplaced: the gateway has not noticed yet that an older connection of ours is gone.
            stream.is_paused = True
            stream.sent = min(stream.sent, n - 1)
            stream.refused_up_to = rest
            after = error.get("retryAfterMs")
            retry(after / 1000 if isinstance(after, int) else 1.0, lambda: self._resume(stream))
        elif n is not None and code == "NOT_FOUND":
            self._store.drop(stream.key, n)  # to a session that is over; the next frame gets its number
        # Anything else has used its number up: it stays in the outbox until that is acknowledged, as all do.

    def _resume(self, stream):
        stream.is_paused = False
        self._behind[stream] = None
        self.pump()

    def trimmed(self):
        self._acked.clear()

    # Sending.

    def send_now(self, stream, event, payload):
        """Uncounted: it goes now or never."""
        if self.is_ready and stream.is_live:
            self.connection.put(frames.event(event, payload))

    def pump(self):
        """Sends what may be sent. Does nothing inside a transaction: its rows are not there yet."""
        if not self.is_ready or self._store.db.in_transaction:
            return
        while self.connection.has_room:
            stream = next(iter(self._behind), None)
            if stream is not None:
                rows = self._store.frames_after_n(stream.key, stream.sent, _AT_ONCE)
                is_next = rows and rows[0][2] == stream.sent + 1  # if not, the gateway contradicts itself
                if not is_next or not stream.is_live or stream.is_paused:
                    del self._behind[stream]
                    continue
            else:
                rows = self._store.frames_after_id(self._cursor, _AT_ONCE)
                if not rows:
                    return
                self._cursor = rows[-1][0]
            for _, key, n, event, payload in rows:
                stream = self.streams.get(key)
                if stream and stream.is_live and not stream.is_paused and n == stream.sent + 1:
                    self.connection.put(frames.event(event, payload, n))
                    stream.sent = n
