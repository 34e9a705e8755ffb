"""What gateway.v1 gives to those who use it right: positions for what is heard, numbers for what is sent.

The five rules "To miss nothing and see nothing twice" of docs/protocol/gateway-v1.md, for WebSocket and SSE alike.
"""

from .player import Ended, Failed, Player

_LOST = ("UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "INVALID_REQUEST")


class Numbered(Player):
    def __init__(self, gateway, name, seed=0):
        super().__init__(gateway, name, seed)
        self.sessions = set()  # ids; one, unless the session was lost
        self.position = (0, 0)
        self.sent = {}  # clientSeq: text, of commands that are not answered yet
        self.answered = 0  # commands up to this one were accepted
        self.last_seq = 0
        self.gaps = []
        self.again = 0  # events that came again and were dropped; harmless, by rule 1
        self.conn_id = None
        self._epoch = 0
        self._token = None
        self._attempt = None
        self._acknowledged = (0, 0)

    def describe(self):
        return (f"{super().describe()}, at {self.position}, {self.answered} of {self.last_seq} commands accepted, "
                f"the next one: {next(iter(self.sent.items()), None)}, sessions {self.sessions}")

    # Connecting.

    def connect_params(self):
        common = {"device": {"id": f"device-{self.name}"}, "client": {"id": "contract-suite"}}
        if self._token is None:
            return {**common, "auth": {"username": self.name, "password": self.password}, "character": self.character}
        if self._attempt is None:
            self._attempt = f"{self._random.getrandbits(96):024x}"
        epoch, seq = self.position
        return {**common, "resume": {"token": self._token, "attempt": self._attempt, "epoch": epoch, "lastSeq": seq}}

    def take_hello(self, frame):
        """The answer to connect. Returns the numbers of the commands that are to be sent again."""
        if not frame.get("ok"):
            error = frame["error"]
            if self._token is not None and error["code"] in _LOST:
                raise Failed(f"cannot resume: {error}")
            raise Ended(str(error))
        self.conn_id = frame["payload"]["server"]["connId"]
        self.take_session(frame["payload"]["session"])

    def take_session(self, session):
        self._token, self._attempt = session["reconnectToken"], None
        self._epoch = session["epoch"]
        self.sessions.add(session["id"])
        self.access_token = session["accessToken"]
        accepted = session["lastClientSeq"]
        if accepted < self.answered:
            raise Failed(f"command {self.answered} was accepted, and the gateway knows {accepted}")
        self.answered = accepted
        for seq in [seq for seq in self.sent if seq <= accepted]:
            del self.sent[seq]

    # Hearing.

    def take_event(self, frame):
        if "epoch" in frame:
            self._epoch = frame["epoch"]
        if frame["event"] == "gap":
            self.gaps.append(frame["payload"])
            self.fail(f"lost something: {frame['payload']}")
        if "seq" in frame:
            position = (self._epoch, frame["seq"])
            if position <= self.position:
                self.again += 1
                return
            self.position = position
        self.note(frame["event"], frame.get("payload", {}))

    def take_acknowledgement(self):
        """params of the next ack, or None."""
        if self.position <= self._acknowledged and self.conn_id is None:
            return None
        params = {"epoch": self.position[0], "seq": self.position[1]}
        if self.conn_id is not None:
            params["connId"], self.conn_id = self.conn_id, None
        self._acknowledged = self.position
        return params

    # Sending.

    def command(self, text):
        """Numbered: is sent until it is accepted."""
        self.last_seq += 1
        self.sent[self.last_seq] = text
        self.wake_sender()
        return self.last_seq

    async def do(self, text):
        self.command(text)

    def wake_sender(self):
        raise NotImplementedError

    def command_params(self, seq):
        return {"text": self.sent[seq], "clientSeq": seq}

    def take_answer(self, seq, frame):
        """To a command. Returns seconds to wait before commands are sent again, or None: it was accepted."""
        if frame.get("ok"):
            self.sent.pop(seq, None)
            self.answered = max(self.answered, seq)
            self._wake()
            return None
        error = frame["error"]
        if error["code"] == "CONFLICT" and "expected" in error.get("details", {}):
            return 0.0  # one before it was refused
        if error.get("retryable"):
            return error.get("retryAfterMs", 100) / 1000
        raise Failed(f"command {seq} {self.sent.get(seq)!r} was refused: {error}")
