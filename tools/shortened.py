"""The sources of an image as they cost a board least memory."""

from tools.constants import inlined
from tools.linked import LINKED, Linker
from tools.name_order import ordered
from tools.names import World
from tools.near_builtins import near


def shortened(sources, rom, modules, roots, late=()):
    """({new name: name}, {module: source}): what `roots` load at their start in one module for each package, numbers in
    place of constants, other names, those used most first, and the built-in functions used most among them. sources:
    {dotted name: source}. rom, modules, late: as tools.names.World takes them. Raises tools.names_of_module.Unsafe."""
    reached = World(sources, rom, modules).reached
    linker = Linker(sources, roots)
    made = inlined(linker.sources(), reached)
    left = set(modules) - linker.members  # what is linked has no name of its own any more
    world = World(made, rom, left.union(made), late, None, reached)
    mapping = world.mapping()
    found = world.sources(mapping)
    linked = [name for name in found if name.endswith("." + LINKED)]
    found.update({name: ordered(near(found[name])) for name in linked})
    return world.told(mapping), found
