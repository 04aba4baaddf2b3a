#!/usr/bin/env python3
"""The conformance cases, all but those whose expectation disputed.md disputes, which must still fail.

usage: conformance_test.py EINX CASES.jsonl [arguments of check.py]
"""
import os
import re
import subprocess
import sys

program, cases, *more = sys.argv[1:]
folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance")
with open(os.path.join(folder, "disputed.md"), encoding="utf-8") as file:
    disputed = set(re.findall(r"^\| (e\d+-\d+) ", file.read(), re.M))

run = subprocess.run([sys.executable, os.path.join(folder, "check.py"), program, cases, "--show", "100000", *more],
                     capture_output=True, text=True)
*failures, summary = run.stdout.splitlines() or [""]
failed = {match[1]: line for line in failures if (match := re.match(r"(e\d+-\d+)-\S+ ", line))}
unexpected = [line for name, line in failed.items() if name not in disputed]
unexpected += [line for line in failures if line not in failed.values()]
counts = re.fullmatch(r"(\d+) passed, (\d+) failed", summary)

print(*unexpected[:50], run.stderr[-2000:], sep="\n")
for name in sorted(disputed - failed.keys()):
    print(f"{name} is disputed but does not fail: take it off the list")
print(f"{summary}; {len(disputed & failed.keys())} of the failures are disputed")
fine = counts and int(counts[1]) > 0 and int(counts[2]) == len(failed) and not unexpected and disputed <= failed.keys()
sys.exit(0 if fine else 1)
