#!/usr/bin/env python3
"""Mistakes that the compiler has to find: each snippet does not compile, and the messages name its line and what to do instead.

usage: compile_errors_test.py INCLUDE COMPILER...
"""
import re
import subprocess
import sys
import tempfile

include, compiler = sys.argv[1], sys.argv[2:]

# the snippet's line with the mistake ends in "// here"
PROGRAM = """#include <einx/einx.h>
using einx::Value;
void use() {
%s
}
"""
WHERE = "use einx::where"
CASES = [
    ("if", "auto f = einx::jit([](Value a) {\n  if (a > 0) return a;  // here\n  return -a;\n});\nf(einx::Tensor::ones({2}));", WHERE),
    ("while", "Value a;\nwhile (a) a = a - 1;  // here", WHERE),
    ("?:", "Value a;\nValue b = a < 1 ? a : -a;  // here", WHERE),
    ("&&", "Value a;\nauto b = a > 0 && a < 1;  // here", WHERE),
    ("!", "Value a;\nauto b = !a;  // here", WHERE),
    ("bool", "Value a;\nbool b = a == a;  // here", WHERE),
    ("a number", "Value a;\ndouble b = a;  // here", WHERE),
    ("a tensor as a result", "einx::trace([](Value a) { return einx::Tensor(); }, {{einx::f32, {2}}});  // here", "returns an einx::Value"),
    ("too many operands", "auto f = einx::jit([](Value a, Value b) { return a + b; });\nf(einx::Tensor::ones({2}));  // here", "another number of einx::Value"),
]
# what has to compile, so that the others fail for the reason they are there for
GOOD = "auto f = einx::jit([](Value a) { return where(a > 0, a, -a); });\nf(einx::Tensor::ones({2}));"


def messages(snippet):
    with tempfile.NamedTemporaryFile("w", suffix=".cpp") as file:
        file.write(PROGRAM % snippet)
        file.flush()
        done = subprocess.run([*compiler, "-std=c++20", "-fsyntax-only", f"-I{include}", file.name], capture_output=True, text=True)
        return done.returncode, done.stderr, file.name


failures = []
status, text, _ = messages(GOOD)
if status:
    failures.append(f"the good one does not compile:\n{text}")
for name, snippet, advice in CASES:
    status, text, path = messages(snippet)
    line = (PROGRAM % snippet).split("// here")[0].count("\n") + 1
    if not status:
        failures.append(f"{name}: compiles")
    elif advice not in text:
        failures.append(f"{name}: no message says {advice!r}:\n{text}")
    elif not re.search(rf"^{re.escape(path)}:{line}:", text, re.M):
        failures.append(f"{name}: no message names line {line}:\n{text}")
for failure in failures:
    print("FAILED", failure)
print(f"{len(CASES) + 1} snippets, {len(failures)} failures")
sys.exit(1 if failures else 0)
