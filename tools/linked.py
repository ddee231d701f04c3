"""Puts the modules that stay in a board's memory into one module for each package: a module costs some 400 bytes beside
its code (its path, its names for what it imports, its tables), and each name that it imports 8 to 16 more.

What is forgotten, or loaded now and then, stays a module of its own: everything whose dotted name stands in the code as
a text, wholly or as the begin of a computed one. So does a module that is handed on as an
object, that looks at its own name or file, or that loads one of the former at its own start which needs it in turn.
"""

import ast
import builtins

from tools.linked_module import Module
from tools.names import renamed

LINKED = "linked"
ORDER = ("control", "drivers", "firmware")  # a package may import the ones before it: docs/design.md
_OWN = ("__file__", "__name__", "__getattr__")
_BUILTINS = frozenset(dir(builtins))


class Linker:
    """sources: {dotted name: source}. roots: the modules whose imports, and theirs, stay in memory."""

    def __init__(self, sources, roots):
        self.all = {name: Module(name, source, sources) for name, source in sources.items()}
        stay = self._closure(roots)
        kept_out = self._kept_out() | set(roots)
        self.members = {name for name in stay - kept_out if name.split(".")[0] in ORDER}
        self.finals = {}  # (module, name): its name in the linked module
        self._closures = {}  # module: what is in memory with it
        while self._drop_open() or self._drop_in_conflict():
            pass

    def sources(self):
        """{dotted name: source}, linked modules among them."""
        found = {name: self._rewritten(name) for name in self.all if name not in self.members}
        for package in ORDER:
            members = self._ordered(package)
            if members:
                parts = [self._rewritten(name) for name in members]
                parts += [f"import {other}\n" for name in members for other in sorted(self.all[name].hard_after)]
                found[f"{package}.{LINKED}"] = "\n".join(parts)
        return found

    def _closure(self, names):
        found, waiting = set(), [name for name in names if name in self.all]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.all[name].hard | self.all[name].hard_after
        return found

    def _kept_out(self):
        texts = set().union(*(module.texts for module in self.all.values()))
        starts = tuple(text for text in texts if "." in text[:-1] + "." and text.endswith((".", "_"))
                       and any(name.startswith(text) for name in self.all))  # fmt: skip
        objects = set().union(*(module.handed_on for module in self.all.values()))
        return {
            name for name, module in self.all.items()
            if name in texts or starts and name.startswith(starts) or name in objects or "." not in name
            or (module.own | module.loads) & set(_OWN)
        }  # fmt: skip

    def _package(self, name):
        return name.split(".")[0] if name in self.members else None

    def _drop_open(self):
        """Takes out what loads a module at its start that needs the linked one in turn."""
        closures = self._closures
        for name in sorted(self.members):
            package = self._package(name)
            for other in self.all[name].hard:  # what comes after it may need it
                below = self._package(other)
                if below is not None and ORDER.index(below) <= ORDER.index(package):
                    continue
                if other not in closures:
                    closures[other] = self._closure([other])
                if below is not None or any(self._package(each) == package for each in closures[other]):
                    self.members.discard(name)
                    return True
        return False

    def _origin(self, name, bound):
        """What a global name of a member stands for: (module, name) of ours, or a text for what is MicroPython's."""
        module = self.all[name]
        if bound in module.taken:
            other, original = module.taken[bound]
            if self._package(other) == self._package(name) and bound == original:
                return self._origin(other, original)
            return (name, bound) if self._package(other) == self._package(name) else f"{other}.{original}"
        return (name, bound) if bound in module.own else module.foreign[bound]

    def _drop_in_conflict(self):
        """Gives every global name of the linked modules its name there; takes a module out that stands in the way."""
        self.finals = {}
        for package in ORDER:
            members = sorted(name for name in self.members if self._package(name) == package)
            meanings = {}  # name: {what it stands for: the members that use it so}
            for name in members:
                module = self.all[name]
                for bound in module.own | set(module.taken) | set(module.foreign):
                    meanings.setdefault(bound, {}).setdefault(self._origin(name, bound), []).append(name)
            for name in members:
                for bound in self.all[name].loads & _BUILTINS & set(meanings):
                    if not any(name in users for users in meanings[bound].values()):
                        meanings[bound].setdefault("builtins", []).append(name)
            shadowed = self._shadowed(members)
            for bound, origins in sorted(meanings.items()):
                victim = self._settle(bound, origins, shadowed)
                if victim is not None:
                    self.members.discard(victim)
                    return True
        return False

    def _shadowed(self, members):
        """What a member takes from another one as `module.name` while it has a local name like that."""
        return {
            self._origin(self.all[name].objects[node.value.id], node.attr) for name in members
            for node in self.all[name].reads
            if node.attr in self.all[name].local and self.all[name].objects[node.value.id] in members
        }  # fmt: skip

    def _settle(self, bound, origins, shadowed):
        """A module that must go out, or None."""
        ours = sorted(each for each in origins if isinstance(each, tuple))
        others = [each for each in origins if not isinstance(each, tuple)]
        if len(others) > 1:
            return sorted(origins[others[1]])[0]
        for number, origin in enumerate(ours):
            if not others and not number and origin not in shadowed:
                self.finals[origin] = bound
                continue
            for user in origins[origin]:
                if bound in self.all[user].local:
                    return user
            self.finals[origin] = f"{bound}__{origin[0].replace('.', '_')}"
        return None

    def _ordered(self, package):
        done = []

        def visit(name):
            if name not in done and self._package(name) == package:
                done.append(None)
                done.pop()
                for other in sorted(self.all[name].hard):
                    visit(other)
                if name not in done:
                    done.append(name)

        for name in sorted(self.members):
            visit(name)
        return done

    def _rewritten(self, name):
        """The source of a module with other imports, and with the names that its globals have in the linked module."""
        module, package = self.all[name], self._package(name)
        mapping = {}
        if package is not None:
            for bound in module.own | set(module.taken):
                origin = self._origin(name, bound)
                if isinstance(origin, tuple) and self.finals.get(origin, bound) != bound:
                    mapping[bound] = self.finals[origin]
        lines = module.source.encode().splitlines(keepends=True)
        for node in sorted(module.reads, key=lambda each: (each.lineno, each.col_offset), reverse=True):
            target = module.objects[node.value.id]
            if target in self.members:
                final = self._final(target, node.attr)
                self._replace(lines, node, final if self._package(target) == package else f"{node.value.id}.{final}")
        source = b"".join(lines).decode()
        statements = [node for node in ast.walk(module.tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        lines = source.splitlines(keepends=True)
        for node in sorted(statements, key=lambda each: each.lineno, reverse=True):
            line = self._import(node, package, mapping)
            if line is not None:
                lines[node.lineno - 1 : node.end_lineno] = [" " * node.col_offset + line + "\n"]
        return renamed("".join(lines), mapping)

    def _replace(self, lines, node, text):
        if node.lineno != node.end_lineno:
            raise ValueError(f"line {node.lineno}: a name of a module over two lines")
        line = lines[node.lineno - 1]
        lines[node.lineno - 1] = line[: node.col_offset] + text.encode() + line[node.end_col_offset :]

    def _import(self, node, package, mapping):
        """What stands in place of an import, None: itself."""
        if isinstance(node, ast.Import):
            is_after = package is not None and not node.col_offset and node.names[0].name in self.all
            return "pass" if is_after else None
        objects = [alias for alias in node.names if f"{node.module}.{alias.name}" in self.members]
        if objects:
            own = [alias for alias in node.names if alias not in objects]
            parts = [ast.unparse(ast.ImportFrom(node.module, own, 0))] if own else []
            for alias in objects:
                if self._package(f"{node.module}.{alias.name}") != package:
                    parts.append(f"from {node.module.split('.')[0]} import {LINKED} as {alias.asname or alias.name}")
            return "; ".join(parts) or "pass"
        return self._names(node, package, mapping) if node.module in self.members else None

    def _names(self, node, package, mapping):
        other = self._package(node.module)
        parts = []
        for alias in node.names:
            final = self._final(node.module, alias.name)
            bound = alias.asname or alias.name
            bound = mapping.get(bound, bound)
            if other == package:
                if final != bound:
                    parts.append(f"{bound} = {final}")
            else:
                parts.append(final if final == bound else f"{final} as {bound}")
        if other == package:
            return "; ".join(parts) or "pass"
        return f"from {other}.{LINKED} import {', '.join(parts)}"

    def _final(self, module, name):
        origin = self._origin(module, name)
        return self.finals.get(origin, name) if isinstance(origin, tuple) else name

