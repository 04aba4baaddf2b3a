#!/usr/bin/env python3
"""Conformance cases twice with one cache directory: the second time every kernel comes from disk, and the answers are the same.

usage: stored_conformance_test.py EINX CASES.jsonl...
"""
import json
import os
import sys
import tempfile

from command import Checks, Command

einx = Command(sys.argv[1])
check = Checks()


def feed(path):
    with open(path, encoding="utf-8") as file:
        cases = [json.loads(line) for line in file if line.strip()]
    return "".join(json.dumps({key: case[key] for key in case if key not in ("expect", "tol", "note")}) + "\n" for case in cases)


def entries(folder):
    """What a file is and when it was used last, by name: an entry that is written again is another file."""
    return {entry.name: (entry.stat().st_ino, entry.stat().st_mtime_ns) for entry in os.scandir(folder)}


for path in sys.argv[2:]:
    cases = feed(path)
    with tempfile.TemporaryDirectory() as place:
        folder = os.path.join(place, "cache")
        status, compiled, errors = einx("eval", stdin=cases, env={"EINX_CACHE_DIR": folder})
        check.that(status == 0 and "kernel cache" not in errors, "first run", path, status, errors[-500:])
        before = entries(folder)
        status, loaded, errors = einx("eval", stdin=cases, env={"EINX_CACHE_DIR": folder})
        check.that(status == 0 and "kernel cache" not in errors, "second run", path, status, errors[-500:])
        after = entries(folder)
        check.that(len(before) > 50, "kernels are kept", path, len(before))
        check.that(before.keys() == after.keys(), "nothing is compiled the second time", path, after.keys() - before.keys())
        changed = [name for name in before if name in after and before[name][0] != after[name][0]]
        check.that(not changed, "no entry is written again", path, changed)
        unused = [name for name in before if name in after and before[name][1] >= after[name][1]]
        check.that(not unused, "every entry is used", path, unused)
        differing = [one for one, two in zip(compiled.splitlines(), loaded.splitlines()) if one != two]
        check.that(compiled == loaded, "the answers are the same", path, differing[:3])
check.finish()
