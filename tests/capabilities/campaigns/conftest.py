"""A world in which campaigns can ask quizzes: `world` on SQLite, `either_world` on each engine."""

from tests.capabilities.quizzes.conftest import either_world, world

__all__ = ["either_world", "world"]
