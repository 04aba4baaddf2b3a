#!/usr/bin/env python3
"""The kernels that the einx command keeps on disk: where, for whom, and what damage does.

usage: cache_test.py EINX
"""
import json
import os
import random
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import time

from command import Checks, Command

einx = Command(sys.argv[1])
check = Checks()
CALL, ANSWER = ["sum", "a [b]", "iota", "a=3", "b=4"], "f32[3] [6, 22, 38]\n"
place = tempfile.TemporaryDirectory()
random.seed(7)


def path(*names):
    return os.path.join(place.name, *names)


def sum_rows(folder, program=einx, **env):
    """(stdout, entries saved, entries loaded, warnings)"""
    status, out, err = program(*CALL, env={"EINX_CACHE_DIR": folder, "EINX_LOG": "debug", **env})
    check.that(status == 0 and out == ANSWER, "the answer", folder, env, status, out, err)
    return err.count("kernel cache: saved"), err.count("kernel cache: loaded"), err.count("[warning]")


def entry_of(folder):
    names = os.listdir(folder)
    check.that(len(names) == 1, "one entry", names)
    return os.path.join(folder, names[0])


def read(name):
    with open(name, "rb") as file:
        return file.read()


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


# --- where
for env, folder in [
    ({"EINX_CACHE_DIR": path("given")}, path("given")),
    ({"EINX_CACHE_DIR": path("given/./x/..//")}, path("given")),
    ({"EINX_CACHE_DIR": None, "XDG_CACHE_HOME": path("xdg"), "HOME": path("home")}, path("xdg", "einx")),
    ({"EINX_CACHE_DIR": None, "XDG_CACHE_HOME": "", "HOME": path("home")}, path("home", ".cache", "einx")),
]:
    environment = {name: value for name, value in dict(os.environ, **env).items() if value is not None}
    run = subprocess.run([einx.program, "cache", "dir"], env=environment, capture_output=True, text=True)
    check.that((run.returncode, run.stdout) == (0, folder + "\n"), "the folder", env, run.stdout, run.stderr)
    subprocess.run([einx.program, *CALL], env=environment, capture_output=True, text=True, check=True)
    check.that(len(os.listdir(folder)) >= 1, "kernels are kept by default", folder)
    check.that(stat.S_IMODE(os.stat(folder).st_mode) == 0o700, "for their owner only", folder)
check.that(einx("cache", "stats")[0] == 1 and "EINX_CACHE_DIR" in einx("cache", "dir")[2], "set to nothing: off")

# --- kept, used, shown, removed
plain = path("plain")
check.that(sum_rows(plain) == (1, 0, 0), "the first call is compiled and kept")
check.that(sum_rows(plain) == (0, 1, 0), "the second is loaded")
einx("bench", "sum", "a [b]", "f32[7, 9]", env={"EINX_CACHE_DIR": plain})
check.that(len(os.listdir(plain)) == 1, "bench compiles, and keeps nothing")
check.that("1 kernel," in einx("cache", "stats", env={"EINX_CACHE_DIR": plain})[1], "stats")
check.that(einx("cache", "clear", env={"EINX_CACHE_DIR": plain})[1].startswith("removed 1 kernel,"), "clear")
check.that(sum_rows(plain) == (1, 0, 0), "compiled again")
check.that(sum_rows(path("none"), EINX_DISK_CACHE_BYTES="0") == (0, 0, 0), "a bound of no bytes")
check.that(sum_rows(path("interpreted"), EINX_JIT="0") == (0, 0, 0), "the interpreter has no kernels")

# --- other machines, other builds
mine, other_cpu = entry_of(plain), path("cpu")
check.that(sum_rows(other_cpu, EINX_CPU="x86-64") == (1, 0, 0), "another CPU level has kernels of its own")
check.that(sum_rows(plain, EINX_CPU="x86-64") == (1, 0, 0) and sum_rows(plain) == (0, 1, 0), "beside each other")
good = read(mine)
write(mine, read(entry_of(other_cpu)))
check.that(sum_rows(plain) == (1, 0, 1), "an entry of another CPU under this name is compiled, with one warning")
check.that(read(mine) == good and sum_rows(plain) == (0, 1, 0), "and replaced")

binary = read(einx.program)
note = binary.find(struct.pack("<III", 4, 20, 3) + b"GNU\0")
check.that(note > 0, "the command has a build id")
other = path("other-build")
write(other, binary[:note + 16] + bytes([binary[note + 16] ^ 1]) + binary[note + 17:])
os.chmod(other, 0o755)
check.that(sum_rows(path("build")) == (1, 0, 0), "one build")
check.that(sum_rows(path("build"), Command(other)) == (1, 0, 0), "another build")
check.that(sum_rows(path("build")) == (0, 1, 0) and sum_rows(path("build"), Command(other)) == (0, 1, 0), "each has its own")

# --- damage (every byte and every prefix: disk_test)
single = path("single")
sum_rows(single)
entry = entry_of(single)
good = read(entry)
for _ in range(12):
    k = random.randrange(len(good))
    for bad in (good[:k] + bytes([good[k] ^ (1 << random.randrange(8))]) + good[k + 1:], good[:k]):
        write(entry, bad)
        check.that(sum_rows(single) == (1, 0, 1), "damage: compiled, with one warning", k, len(bad))
        check.that(read(entry) == good, "damage is repaired", k)
check.that(sum_rows(single) == (0, 1, 0), "and loaded again")

# --- folders that are refused
os.symlink(plain, path("link"))
os.mkdir(path("open"))
os.chmod(path("open"), 0o777)
write(path("file"), b"")
for name in ("link", "open", "file"):
    check.that(sum_rows(path(name)) == (0, 0, 1), "refused, with one warning", name)
check.that(os.listdir(path("open")) == [], "nothing is written to a folder of everybody's")

# --- many processes, some of them killed
cases = "".join(
    json.dumps({"id": str(k), "op": "sum", "pattern": "a [b]", "kwargs": {},
                "inputs": [{"shape": [2, k + 1], "dtype": "float32", "data": [1] * (2 * k + 2)}]}) + "\n" for k in range(40))
crowd = dict(os.environ, EINX_CACHE_DIR=path("crowd"), EINX_NUM_THREADS="1")


def start():
    run = subprocess.Popen([einx.program, "eval"], env=crowd, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    run.stdin.write(cases)
    run.stdin.close()
    return run


def finish(run, what):
    out, err = run.stdout.read(), run.stderr.read()
    sums = [json.loads(line)["outputs"][0]["data"] for line in out.splitlines()]
    check.that(run.wait() == 0 and err == "" and sums == [[k + 1.0] * 2 for k in range(40)], what, err[-500:])


for victim in range(20):
    run = start()
    time.sleep(random.uniform(0.01, 0.2))
    run.kill()
    run.wait()
    run.stdout.close(), run.stderr.close()
finish(start(), "after 20 killed ones, every answer is right and nothing is warned of")
shutil.rmtree(path("crowd"))
for what in ("eight at once", "eight at once, all kernels on disk"):
    for run in [start() for _ in range(8)]:
        finish(run, what)
left = [name for name in os.listdir(path("crowd")) if not name.endswith(".einx")]
check.that(left == [] and len(os.listdir(path("crowd"))) == 40, "an entry a kernel, and nothing else", left)
check.finish()
