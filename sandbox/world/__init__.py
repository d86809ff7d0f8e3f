"""One generated business: what truly happened, before any system wrote it down."""

from sandbox.world.generate import generate
from sandbox.world.settings import WorldSettings
from sandbox.world.world import World

__all__ = ["World", "WorldSettings", "generate"]
