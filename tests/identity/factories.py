"""Accounts and sessions as tests need them."""

from itertools import count
from typing import Any
from uuid import UUID

from lc_workflow.identity.rules.roles import Role
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import Session, User
from tests.moments import NOON

PASSWORD = "Demo#2026pass"
PASSWORD_HASH = "$2b$04$VM.1r11hVUAUN4D16Vo1.utrCDBJIjplCqOwtgYIMiTPClaMfDs/i"

_numbers = count(1)


def a_user(**changes: Any) -> User:
    number = next(_numbers)
    return User(
        **{
            "username": f"person{number}",
            "email": f"person{number}@branch.example",
            "first_name": "Chanthy",
            "last_name": "Sok",
            "password_hash": PASSWORD_HASH,
            "role": Role.OFFICER,
            "status": UserStatus.ACTIVE,
            "created_at": NOON,
            "updated_at": NOON,
            **changes,
        }
    )


def a_session(user_id: UUID, **changes: Any) -> Session:
    return Session(**{"user_id": user_id, "created_at": NOON, **changes})
