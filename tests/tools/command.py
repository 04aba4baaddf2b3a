"""What the tests of the einx command share: running it, .npy files without numpy."""
import ast
import array
import os
import struct
import subprocess
import sys


class Command:
    def __init__(self, program):
        self.program = os.path.abspath(program)

    def __call__(self, *words, stdin="", env=None, cwd=None):
        """(exit status, stdout, stderr); whatever the user keeps in a cache directory is left alone"""
        run = subprocess.run([self.program, *map(str, words)], input=stdin, capture_output=True, text=True, cwd=cwd,
                             env=dict(os.environ, **{"EINX_CACHE_DIR": "", **(env or {})}), timeout=600)
        return run.returncode, run.stdout, run.stderr


class Checks:
    """Counts what was checked and shows what failed."""

    def __init__(self):
        self.done = self.failed = 0

    def that(self, holds, what, *shown):
        self.done += 1
        if holds:
            return
        self.failed += 1
        print("FAILED:", what, *(f"\n    {each!r}" for each in shown))

    def finish(self):
        print(f"{self.done - self.failed} checks passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.done else 0)


def write_npy(path, shape, values):
    """float32, format 1.0"""
    header = repr({"descr": "<f4", "fortran_order": False, "shape": tuple(shape)})
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(array.array("f", values).tobytes())


def read_npy(path):
    """(shape, values) of a float32 file"""
    with open(path, "rb") as file:
        assert file.read(6) == b"\x93NUMPY"
        file.read(2)
        header = ast.literal_eval(file.read(struct.unpack("<H", file.read(2))[0]).decode())
        assert header["descr"] == "<f4" and not header["fortran_order"], header
        return header["shape"], list(array.array("f", file.read()))
