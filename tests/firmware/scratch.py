"""A folder for one test on both runtimes; MicroPython has no tempfile."""

import os


class Folder:
    def __enter__(self):
        self.path = "/tmp/guangchu-test-" + "".join(["%02x" % byte for byte in os.urandom(6)])
        os.mkdir(self.path)
        return self

    def __exit__(self, *_):
        for name in os.listdir(self.path):
            _remove(self.path + "/" + name)
        os.rmdir(self.path)

    def write(self, name, data):
        with open(self.path + "/" + name, "wb") as file:
            file.write(data)

    def read(self, name):
        with open(self.path + "/" + name, "rb") as file:
            return file.read()


def _remove(path):
    try:
        os.remove(path)
    except OSError:  # a folder: Linux says EISDIR, EPERM or EACCES
        for name in os.listdir(path):
            os.remove(path + "/" + name)
        os.rmdir(path)
