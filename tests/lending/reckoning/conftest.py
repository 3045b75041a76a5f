"""The relay of the house, as those hear it who are told of things."""

from tests.engagement.conftest import sent, tell

__all__ = ["sent", "tell"]
