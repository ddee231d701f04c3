"""Which names of the firmware become the same one on a board: those that nothing can take for each other.

`x.name` is looked up in an object, a global in the dictionary of its module, an argument by its place in the frame. So
one name may stand for one attribute, for globals of which no module uses two, and for what is local to functions, as
long as no function has two of them other than as attributes. An argument that is given by its name counts as attribute,
for it may become one, and shares with no other argument, for `f(self, **more)` takes any name but `self`. What is
attribute and global, global and argument, or read in the body of a class shares with nothing but what is local.
"""


class Sharing:
    """world: a tools.names.World that has seen all modules."""

    def __init__(self, world):
        self.world = world
        self._kept = []

    def groups(self, names):
        """The names in groups, in their order: what comes first is in a group that comes first."""
        world, self._kept = self.world, []
        both = world.attributes & world.globals | world.globals & world.arguments | world.alone
        for is_turn in (
            lambda name: name in both or name in world.attributes,
            lambda name: name in world.globals and name not in both,
            lambda name: name not in world.globals and name not in world.attributes and name not in both,
        ):
            for name in filter(is_turn, names):
                self._put(name, name in both)
        place = {name: number for number, name in enumerate(names)}
        return sorted((group.names for group in self._kept), key=lambda group: min(place[name] for name in group))

    def _put(self, name, is_alone):
        world = self.world
        is_attribute, is_global = name in world.attributes, name in world.globals
        functions, modules = world.functions.get(name, set()), world.used_by[name] if is_global else set()
        standing = world.used_by[name] if functions else set()
        constant_in = world.used_by[name] if name in world.constants else set()
        for group in () if is_alone or is_attribute else self._kept:
            if group.is_alone and is_global or group.functions & functions or group.modules & modules:
                continue
            if group.constant_in & standing or group.standing & constant_in:
                continue
            if group.is_given and name in world.arguments:
                continue
            break
        else:
            group = _Group(is_alone, name in world.given)
            self._kept.append(group)
        group.names.append(name)
        group.functions |= functions
        group.modules |= modules
        group.standing |= standing
        group.constant_in |= constant_in


class _Group:
    """is_given: its first name is that of arguments, which no function may have a second time. functions: in which
    one of its names stands by itself. modules: that use one of its globals. standing: where one stands by itself at
    all. constant_in: where the compiler puts a number in its place."""

    def __init__(self, is_alone, is_given):
        self.is_alone, self.is_given = is_alone, is_given
        self.names, self.functions, self.modules = [], set(), set()
        self.standing, self.constant_in = set(), set()
