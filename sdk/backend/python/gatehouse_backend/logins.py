"""Answers what the gateway asks: logins and characters. Each request is a task, so that a slow one delays no other."""

import asyncio
import logging
from dataclasses import dataclass

from . import checks, frames
from .errors import Refused
from .session import Character, User

_log = logging.getLogger("gatehouse_backend")
_MOST = 1024  # the gateway has bounds of its own; this one is for a gateway that has gone wrong


@dataclass(frozen=True)
class Login:
    session: str
    username: str
    password: str
    address: str

    def __repr__(self):
        return f"<Login {self.username!r} from {self.address}>"  # never the password


class Logins:
    def __init__(self, world, call):
        self._world = world
        self._call = call
        self._tasks = {}  # (connection, request id)
        self._methods = {
            "authenticate": self._login, "register": self._login, "guest": self._guest,
            "characters.list": self._list, "characters.create": self._create, "characters.select": self._select,
        }

    def take(self, connection, request_id, method, params):
        if method not in self._methods:
            connection.refuse(request_id, {"code": "METHOD_NOT_FOUND", "message": f"There is no method {method}."})
            return
        if len(self._tasks) >= _MOST:
            connection.refuse(request_id, {"code": "UNAVAILABLE", "message": "Too many logins at once. Try again.",
                                           "retryable": True})
            return
        key = (connection, request_id)
        self._tasks[key] = asyncio.create_task(self._answer(connection, request_id, method, params))
        self._tasks[key].add_done_callback(lambda _: self._tasks.pop(key, None))

    def cancel(self, connection, request_id):
        task = self._tasks.get((connection, request_id))
        if task:
            task.cancel()

    def cancel_all(self):
        for task in list(self._tasks.values()):
            task.cancel()

    async def _answer(self, connection, request_id, method, params):
        try:
            async with asyncio.timeout(connection.call_timeout):
                payload = await self._methods[method](method, params)
            connection.put(frames.answer(request_id, payload))
        except Refused as no:
            connection.refuse(request_id, no.as_error())
        except TimeoutError:
            _log.error("%s took longer than %g s", method, connection.call_timeout)
            connection.refuse(request_id, {"code": "TIMEOUT", "message": "That took too long. Try again.",
                                           "retryable": True})
        except Exception:
            _log.exception("%s failed", method)
            connection.refuse(request_id, {"code": "INTERNAL", "message": "Something went wrong. Try again."})

    async def _login(self, method, params):
        if not checks.object_with(params, session=str, username=str, password=str):
            raise Refused.invalid("session, username and password are needed")
        handler = self._world.authenticate if method == "authenticate" else self._world.register
        login = Login(params["session"], params["username"], params["password"], str(params.get("address", "")))
        return {"user": _user(await self._call(handler, login))}

    async def _guest(self, _, params):
        if not checks.object_with(params, session=str):
            raise Refused.invalid("session is needed")
        login = Login(params["session"], "", "", str(params.get("address", "")))
        return {"user": _user(await self._call(self._world.guest, login))}

    async def _list(self, _, params):
        if not checks.object_with(params, user=str):
            raise Refused.invalid("user is needed")
        found = await self._call(self._world.list_characters, params["user"])
        return {"characters": [_character(one) for one in found]}

    async def _create(self, _, params):
        if not checks.object_with(params, user=str, name=str):
            raise Refused.invalid("user and name are needed")
        wanted = {key: value for key, value in params.items() if key not in ("user", "name")}
        made = await self._call(self._world.create_character, params["user"], params["name"], wanted)
        return {"character": _character(made)}

    async def _select(self, _, params):
        if not checks.object_with(params, user=str, character=str):
            raise Refused.invalid("user and character are needed")
        chosen = await self._call(self._world.select_character, params["user"], params["character"])
        return {"character": _character(chosen)}


def _user(user):
    if not isinstance(user, User):
        raise TypeError(f"a login handler returns a User, not {user!r}")
    return {"id": user.id, "name": user.name, "plain": user.plain}


def _character(character):
    if not isinstance(character, Character):
        raise TypeError(f"a character handler returns a Character, not {character!r}")
    summary = {"summary": character.summary} if character.summary else {}
    return {"id": character.id, "name": character.name, **summary}
