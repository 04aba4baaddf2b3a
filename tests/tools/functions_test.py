#!/usr/bin/env python3
"""einx optimize, compile and run on files of functions.

usage: functions_test.py EINX
"""
import json
import os
import re
import sys
import tempfile

from command import Checks, Command, read_npy, write_npy

einx = Command(sys.argv[1])
check = Checks()

MODEL = """# two functions
def scaled(x: f32[2, 3], w: f32[3]):
    y = multiply(x, w, "a b, b")  # every row
    dead = exp(x, "a b")
    same = id(y, "a b -> a b")
    s = sum(same, "a [b]")
    return s, y

def double(x: f32[2, 3]) -> f32[2, 3]:
    two: f32[] = constant(2)
    y: f32[2, 3] = multiply(x, two, "a b,")
    return y
"""
LARGE = """def f(x: f32[20]):
    c0: f32[20] = constant("c0")
    y = add(x, c0, "a, a")
    return y
"""
SCRIPT = """def first(x: f32[b, 3]):
    for row in x:
        if any(row > 4): return row, -1
    return x, len(x)

def double(x): return x * 2
"""
SCALED = 'def scaled(x: f32[2, 3], w: f32[3]) -> f32[2], f32[2, 3]:\n    y: f32[2, 3] = multiply(x, w, "a b, b -> a b")\n'

# words, exit status, what stdout has, what stderr has
TEXTS = [
    (["optimize", "--help"], 0, "--print-after-all", ""),
    (["compile", "--help"], 0, "einx compile", ""),
    (["run", "--help"], 0, "--function", ""),
    (["optimize"], 2, "", "takes one file"),
    (["compile"], 2, "", "takes one file"),
    (["run"], 2, "", "takes a file"),
    (["optimize", "missing.einx"], 1, "", "missing.einx: the file cannot be read"),
    (["optimize", "."], 1, "", "cannot be read"),
    (["optimize", "bad.einx"], 1, "", "SyntaxError: bad.einx: line 2 of the graph's text"),
    (["optimize", "bad.einx"], 1, "", "Did you mean 'sum'?"),
    (["optimize", "bad.json"], 1, "", "SyntaxError: bad.json: the graph's JSON: expected a field \"nodes\""),
    (["optimize", "model.einx"], 0, SCALED, ""),
    (["optimize", "model.einx"], 0, "def double(", ""),
    (["optimize", "model.einx", "--function", "double"], 0, "def double(", ""),
    (["optimize", "model.einx", "--function", "triple"], 2, "", "no function triple, only scaled, double"),
    (["optimize", "model.einx", "--emit", "nonsense"], 2, "", "schedule"),
    (["optimize", "model.einx", "--emit", "dot"], 0, "digraph", ""),
    (["optimize", "model.einx", "--emit", "loops,schedule"], 0, "for ", ""),
    (["optimize", "model.einx", "--emit", "llvm"], 0, "define ", ""),
    (["optimize", "model.einx", "--print-after-all"], 0, "# after ", ""),
    (["optimize", "model.einx", "-o", "a.einx", "-o", "b.einx"], 2, "", "one file"),
    (["optimize", "model.einx", "-o", "two.json"], 2, "", "has one function"),
    (["optimize", "model.einx", "-o", "no/such/folder/a.einx"], 1, "", "cannot be written"),
    (["compile", "model.einx"], 0, "scaled(x: f32[2, 3], w: f32[3]) -> f32[2], f32[2, 3]: ", ""),
    (["compile", "model.einx", "--emit", "asm"], 0, ".text", ""),
    (["run", "model.einx", "x.npy"], 2, "", "2 functions, scaled, double: --function"),
    (["run", "model.einx", "x.npy", "--function", "scaled"], 2, "", "takes 2 operands, not 1"),
    (["run", "model.einx", "x.npy", "--function", "scaled"], 2, "", "scaled(x: f32[2, 3], w: f32[3]) -> f32[2], f32[2, 3]"),
    (["run", "model.einx", "x.npy", "w.npy", "--function", "scaled", "-o", "s.npy"], 2, "", "has 2 results, but there are 1 files"),
    (["run", "model.einx", "w.npy", "w.npy", "--function", "scaled"], 1, "", "operand #1 is f32[3], not f32[2, 3]"),
    (["run", "model.einx", "w.npy", "w.npy", "--function", "scaled"], 1, "", "scaled(x: f32[2, 3], w: f32[3]) -> f32[2], f32[2, 3]"),
    (["run", "model.einx", "x.npy", "w.npy", "--function", "scaled"], 0, "f32[2] [8, 26]\nf32[2, 3] [[0, 2, 6], [3, 8, 15]]\n", ""),
    (["run", "model.einx", "ones", "iota", "--function", "scaled"], 0, "f32[2] [3, 3]", ""),
    (["run", "model.einx", "missing.npy", "--function", "double"], 1, "", "missing.npy"),
    (["run", "scalar.einx", "2.5"], 0, "f32[] 5", ""),
    (["run", "large.einx", "ones"], 0, "f32[20] [1, 2, 3", ""),
    (["optimize", "nodata.einx"], 1, "", "beside the text"),
    # scripts: their shapes are known when they are called
    (["run", "script.einx", "x.npy"], 0, "f32[3] [3, 4, 5]\ni64[] -1\n", ""),
    (["run", "script.einx", "w.npy"], 1, "", "ValueError: Parameter 'x' of first is declared as f32[b, 3], but this is f32[3]"),
    (["run", "script.einx", "w.npy", "--function", "double"], 0, "f32[3] [", ""),
    (["run", "script.einx", "w.npy", "--function", "doubel"], 1, "", "no function 'doubel'"),
    (["run", "script.einx", "x.npy", "-o", "y.npy"], 2, "", "there are 2 results, but 1 files"),
    (["run", "wrong.einx", "x.npy"], 1, "", "SyntaxError: wrong.einx: line 2, column 12: there is no function or operation 'summ'"),
    (["optimize", "script.einx"], 2, "", "script.einx is a script (first, double)"),
]


def texts():
    for words, status, out, err in TEXTS:
        got = einx(*words)
        check.that(got[0] == status and out in got[1] and err in got[2], f"einx {words}: {status} {out!r} {err!r}", *got)
        check.that(status == 0 or got[1] == "", f"einx {words}: errors go to stderr", *got)


def without_numbers(text):
    """Constants are numbered as they are made."""
    return re.sub(r"\bc\d+\b", "c", text)


def simplified():
    """What nobody needs is gone, in every form; text, JSON and back are the same function."""
    _, text, _ = einx("optimize", "model.einx", "--function", "scaled")
    check.that("exp" not in text and "id(" not in text, "dead and empty nodes are gone", text)
    einx("optimize", "model.einx", "--function", "scaled", "-o", "scaled.json")
    data = json.load(open("scaled.json"))
    check.that(data["name"] == "scaled" and [node["op"] for node in data["nodes"]] == ["multiply", "sum"], "JSON", data)
    check.that(einx("optimize", "scaled.json")[1] == text, "JSON is read back", text)
    einx("optimize", "model.einx", "-o", "out.einx")
    out = open("out.einx").read()
    check.that(out.startswith(text) and "def double" in out, "-o writes every function", out)
    again = einx("optimize", "out.einx", "--emit", "graph")[1]
    check.that(without_numbers(again) == without_numbers(out), "what is simplified stays", out, again)
    check.that(einx("explain", "sum", "a [b]", "f32[2, 3]", "--emit", "json")[1].startswith('{"name": "op0"'), "explain --emit json")
    _, steps, _ = einx("optimize", "model.einx", "--print-after-all", "--function", "scaled")
    check.that(steps.startswith("# before\ndef scaled") and "# after merge_maps\ndef scaled" in steps and "# after drop_dead: as before" in steps, "--print-after-all", steps)
    got = einx("run", "out.einx", "x.npy", "w.npy", "--function", "scaled", "-o", "s.npy", "-o", "y.npy")
    check.that(got == (0, "", "") and read_npy("s.npy") == ((2,), [8, 26]) and read_npy("y.npy") == ((2, 3), [0, 2, 6, 3, 8, 15]), "einx run -o", *got)
    got = einx("run", "scaled.json", "x.npy", "w.npy", env={"EINX_JIT": "0"})
    check.that(got[1].startswith("f32[2] [8, 26]\n"), "the interpreter runs JSON", *got)
    got = einx("compile", "model.einx", "--function", "double", "-o", "double.s")
    check.that(got == (0, "", "") and ".text" in open("double.s").read(), "compile -o writes assembly", *got)


def constants():
    """Data of large constants lies beside the file it is written to."""
    got = einx("optimize", "large.einx", "-o", "moved.einx")
    check.that(got == (0, "", "") and read_npy("moved.c0.npy") == ((20,), list(range(20))), "data is written", *got)
    check.that(einx("run", "moved.einx", "ones")[1].startswith("f32[20] [1, 2, 3"), "and found")
    einx("optimize", "large.einx", "-o", "moved.json")
    check.that(einx("run", "moved.json", "ones")[1].startswith("f32[20] [1, 2, 3"), "also by JSON")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    write_npy("x.npy", (2, 3), range(6))
    write_npy("w.npy", (3,), [1, 2, 3])
    write_npy("large.c0.npy", (20,), range(20))
    for name, content in [("script.einx", SCRIPT), ("wrong.einx", "def f(x):\n    return summ(x)\n"), ("model.einx", MODEL), ("large.einx", LARGE), ("nodata.einx", LARGE), ("bad.json", '{"name": "f", "parameters": []}'),
                          ("bad.einx", 'def f(x: f32[2]):\n    y = summ(x, "[a]")\n    return y\n'),
                          ("scalar.einx", 'def f(x: f32[]):\n    y = add(x, x, ",")\n    return y\n')]:
        with open(name, "w") as file:
            file.write(content)
    texts()
    simplified()
    constants()
    os.chdir("/")
check.finish()
