"""Runs the test functions of one file on MicroPython: `run_on_micropython.py FILE NAME...`.

Prints `ok NAME` or `FAIL NAME` with the traceback for each name in the order given, then `== ran N failed M`;
ends with 1 when one failed. The names come from the caller because MicroPython keeps no order in a namespace, and
because a name that is missing here must be seen as a failure.
"""

import gc
import sys


def load(path):
    """The namespace of the file after it was run as a module. It is compiled from text so that a test file need not be
    importable and its folder never hides a package of the repository."""
    with open(path) as file:
        source = file.read()
    namespace = {"__name__": path.rsplit("/", 1)[-1][:-3], "__file__": path}
    exec(compile(source, path, "exec"), namespace)
    return namespace


def passes(namespace, name):
    # A test's own output may have left the line open, so a result starts with a line end of its own.
    try:
        test = namespace[name]
        test()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a test that leaves early has not passed
        print("\nFAIL " + name)
        sys.print_exception(error, sys.stdout)
        return False
    print("\nok " + name)
    return True


def main(path, names):
    here = __file__.rsplit("/", 1)[0]
    sys.path[:] = [folder for folder in sys.path if folder != here]  # tests/control must not hide control
    namespace = load(path)
    failed = 0
    for name in names:
        gc.collect()
        if not passes(namespace, name):
            failed += 1
    print(f"== ran {len(names)} failed {failed}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
