"""What can go wrong, as an author meets it."""


class Refused(Exception):
    """An answer that says no. Raise it in a login handler; `message` is shown to the player.

    It is also what asking the gateway raises when the gateway refuses.
    """

    def __init__(self, code, message, reason=None, retry_after=None, details=None):
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.reason = reason or (details or {}).get("reason")
        self.retry_after = retry_after  # seconds
        self.details = details or {}

    @classmethod
    def invalid_credentials(cls, message="Wrong name or password."):
        return cls("UNAUTHORIZED", message, "invalidCredentials")

    @classmethod
    def account_locked(cls, message="This account is locked."):
        """Only after the right password: otherwise anybody learns who is locked."""
        return cls("FORBIDDEN", message, "accountLocked")

    @classmethod
    def name_taken(cls, message="That name is taken."):
        return cls("CONFLICT", message, "nameTaken")

    @classmethod
    def invalid(cls, message):
        return cls("INVALID_REQUEST", message, "invalidData")

    @classmethod
    def not_found(cls, message="There is no such character."):
        return cls("NOT_FOUND", message, "notFound")

    @classmethod
    def permission_denied(cls, message="You may not do that."):
        return cls("FORBIDDEN", message, "permissionDenied")

    @classmethod
    def rate_limited(cls, retry_after, message="Too many tries. Wait a little."):
        return cls("RATE_LIMITED", message, retry_after=retry_after)

    def as_error(self):
        error = {"code": self.code, "message": self.message}
        if self.reason or self.details:
            error["details"] = {**self.details, **({"reason": self.reason} if self.reason else {})}
        if self.retry_after is not None:
            error["retryable"] = True
            error["retryAfterMs"] = round(self.retry_after * 1000)
        return error


class LinkDown(Exception):
    """There is no connection to the gateway, or it ended while an answer was awaited.

    A command whose handler lets it through is not acknowledged: it comes again after the reconnect.
    """


class BadMessage(Exception):
    """A message of the gateway's that is no JSON. The connection is closed and dialled anew."""


class OutboxFull(Exception):
    """The gateway has been away for long, and more frames wait for it than max_outbox. Nothing of the transaction was kept.

    Only transactions of an author's own raise it, and only if they send: a tick that nobody hears may as well wait.
    """


class StoreFailed(Exception):
    """SQLite could not do it (disk full, say). Nothing of the transaction was kept."""
