# Runs on the board: part of main.py, so that a start finishes an update which a power cut interrupted, and of what
# the flashing tool sends. `update.bin` is the decision: from the moment it has this name the update will be carried
# out. It holds lines, "-path" for a file that goes and "+path size" for one whose content follows. LittleFS puts a file
# in place when it is closed, whole.
import os


def finish_update(feed=None):
    if "update.bin" not in os.listdir():
        return False
    piece = memoryview(bytearray(512))
    with open("update.bin", "rb") as update:
        line = update.readline()
        while line:
            path, _, left = line[1:-1].decode().partition(" ")
            if line[:1] == b"-":
                try:
                    os.remove(path)
                except OSError:
                    pass  # done before the cut
            else:
                at = path.find("/")
                while at > 0:
                    try:
                        os.mkdir(path[:at])
                    except OSError:
                        pass  # it is there
                    at = path.find("/", at + 1)
                left = int(left)
                with open(path, "wb") as file:
                    while left:
                        count = update.readinto(piece[: min(left, len(piece))])
                        file.write(piece[:count])
                        left -= count
            if feed:
                feed()
            line = update.readline()
    os.remove("update.bin")
    return True
