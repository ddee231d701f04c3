"""What a linker needs to know of one module (tools/linked.py)."""

import ast


class Module:
    """name, source: dotted, and text. modules: the names of all modules of ours."""

    def __init__(self, name, source, modules):
        self.name, self.source = name, source
        self.tree = ast.parse(source)
        self.own = set()  # global names that it defines itself
        self.foreign = {}  # global name: what it stands for outside of our modules
        self.taken = {}  # global name: (module, name) that it imports from one of ours
        self.local = set()  # names that are something else than a global somewhere
        self.loads = set()
        self.hard = set()  # our modules that it imports at its own start
        self.hard_after = set()  # and those whose names it does not need for that: `import control.build`
        self.objects = {}  # name: our module that it stands for, of which attributes are used
        self.handed_on = set()  # our modules that it uses as objects otherwise
        self.texts = set()
        self._find_objects(modules)
        self._walk(self.tree, modules, False, False)
        self.own -= set(self.taken)

    def _find_objects(self, modules):
        """`from package import module`, and `module.name`."""
        nodes = list(ast.walk(self.tree))
        for node in nodes:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if f"{node.module}.{alias.name}" in modules:
                        self.objects[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        self.reads = [node for node in nodes if isinstance(node, ast.Attribute)
                      and isinstance(node.value, ast.Name) and node.value.id in self.objects]  # fmt: skip
        self._known = {id(node) for node in self.reads}
        known = {id(node.value) for node in self.reads if isinstance(node.ctx, ast.Load)}
        for node in nodes if self.objects else ():
            name = node.arg if isinstance(node, ast.arg) else node.id if isinstance(node, ast.Name) else None
            if name in self.objects and id(node) not in known:
                self.handed_on.add(self.objects[name])

    def _walk(self, node, modules, in_function, in_class):
        for child in ast.iter_child_nodes(node):
            self._take(child, modules, in_function, in_class)
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            self._walk(child, modules, in_function or is_function, isinstance(child, ast.ClassDef) and not is_function
                       or in_class and not is_function)  # fmt: skip

    def _take(self, node, modules, in_function, in_class):
        is_global = not in_function and not in_class
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                self.loads.add(node.id)
            else:
                (self.own if is_global else self.local).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            (self.own if is_global else self.local).add(node.name)
        elif isinstance(node, ast.Attribute):
            if id(node) not in self._known:
                self.local.add(node.attr)
        elif isinstance(node, ast.arg):
            self.local.add(node.arg)
        elif isinstance(node, ast.keyword) and node.arg:
            self.local.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            self.local.add(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.texts.add(node.value)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in modules:
                    self.handed_on.add(alias.name)
                    (self.hard_after if is_global else set()).add(alias.name)
                self.foreign[alias.asname or alias.name.split(".")[0]] = alias.name
        elif isinstance(node, ast.ImportFrom):
            self._from(node, modules, is_global)

    def _from(self, node, modules, is_global):
        for alias in node.names:
            bound = alias.asname or alias.name
            if f"{node.module}.{alias.name}" in modules:
                self.hard.update([f"{node.module}.{alias.name}"] if is_global else [])
            elif is_global and node.module in modules:
                self.hard.add(node.module)
                self.taken[bound] = node.module, alias.name
            elif is_global:
                self.foreign[bound] = f"{node.module}.{alias.name}"
