#!/usr/bin/env python3
"""The einx command on files and types: results, exit statuses, texts.

usage: command_test.py EINX
"""
import os
import sys
import tempfile

from command import Checks, Command, read_npy, write_npy

einx = Command(sys.argv[1])
check = Checks()

# words, exit status, what stdout has, what stderr has
TEXTS = [
    ([], 2, "", "einx --help"),
    (["--help"], 0, "einx explain", ""),
    (["help"], 0, "einx bench", ""),
    (["--nonsense"], 2, "", "--nonsense"),
    (["sum", "--help"], 0, "sum: ", ""),
    (["nonsense", "--help"], 1, "", "OperationNotSupportedError"),
    (["explain", "--help"], 0, "--emit schedule", ""),
    (["bench", "--help"], 0, "einx bench sum", ""),
    (["eval", "--help"], 0, '"pattern"', ""),
    (["ops", "--help"], 0, "einx ops", ""),
    (["env", "--help"], 0, "einx env", ""),
    (["cache", "--help"], 0, "einx cache stats|clear|dir", ""),
    (["cache"], 2, "", "takes one word"),
    (["cache", "nonsense"], 2, "", "has no nonsense"),
    (["cache", "dir", "stats"], 2, "", "takes one word"),
    (["cache", "stats"], 1, "", "no kernels are kept"),
    (["ops", "more"], 2, "", "nothing to add"),
    (["eval", "more"], 2, "", "standard input"),
    (["ops"], 0, "logsumexp", ""),
    (["env"], 0, "EINX_WARN_ON_RETRACE", ""),
    # calls
    (["nonsense", "a", "x.npy"], 1, "", "OperationNotSupportedError"),
    (["sum"], 2, "", "expression is missing"),
    (["sum", "a [b]", "missing.npy"], 1, "", "missing.npy"),
    (["sum", "a [b]", "x.npy"], 0, "f32[2] [3, 12]", ""),
    (["sum", "a [b]", "x.npy", "keepdims=true"], 0, "f32[2, 1]", ""),
    (["sum", "a [b]", "x.npy", "keepdims=perhaps"], 2, "", "keepdims"),
    (["sum", "a (b [c])", "x.npy", "c=3"], 0, "f32[2, 1]", ""),
    (["sum", "a [b] c", "x.npy"], 1, "", "RankError"),
    (["sum", "a (b [c])", "x.npy", "c=2"], 1, "", "AxisSizeError"),
    (["sum", "a (b [c])", "x.npy", "c=1.5"], 1, "", "ValueError"),
    (["sum", "a [b", "x.npy"], 1, "", "SyntaxError"),
    (["sum", "a [b]", "x.npy", "--nonsense", "1"], 2, "", "--nonsense"),
    (["sum", "a [b]", "x.npy", "-o"], 2, "", "needs a value"),
    (["multiply", "a b,", "x.npy", "2"], 0, "[[0, 2, 4], [6, 8, 10]]", ""),
    (["add", "a b,", "x.npy", "-1.5"], 0, "[[-1.5, -0.5, 0.5]", ""),
    (["multiply", "a b, b", "x.npy", "iota"], 0, "[[0, 1, 4], [0, 4, 10]]", ""),
    (["dot", "a [b], [b] c -> a c", "x.npy", "ones", "c=1"], 0, "f32[2, 1] [[3], [12]]", ""),
    (["id", "-> a b", "3", "a=1", "b=2"], 0, "i64[1, 2] [[3, 3]]", ""),
    (["id", "-> a...", "true", "a=1,2"], 0, "bool[1, 2] [[true, true]]", ""),
    (["id", "a b -> b, a", "x.npy"], 1, "", "SemanticError"),
    (["id", "a (b + c) -> a b, a c", "x.npy", "b=1"], 0, "f32[2, 1] [[0], [3]]\nf32[2, 2] [[1, 2], [4, 5]]", ""),
    (["id", "a (b + c) -> a b, a c", "x.npy", "b=1", "-o", "one.npy"], 2, "", "2 results"),
    (["max", "[a]", "empty.npy"], 1, "", "CallOperationError"),
    # other dialects
    (["--dialect", "einx-0.3", "rearrange", "a b | b a", "x.npy"], 0, "[[0, 3], [1, 4], [2, 5]]", ""),
    (["--dialect", "einx-0.3", "sum", "a [b]", "x.npy", "keepdims=true"], 0, "f32[2, 1]", ""),
    (["--dialect=einx-0.3", "roll", "a b", "x.npy", "shift=1"], 0, "[[5, 0, 1], [2, 3, 4]]", ""),
    (["--dialect", "einx-0.3", "arange", "a b [2]", "a=1", "b=2"], 0, "i32[1, 2, 2]", ""),
    (["--dialect", "einx-0.3", "arange", "a", "x.npy"], 2, "", "no operands"),
    (["--dialect", "einx-0.3", "vmap", "a [b] -> a", "x.npy", "op=sum"], 0, "f32[2] [3, 12]", ""),
    (["--dialect", "einx-0.3", "vmap", "a [b] -> a", "x.npy"], 1, "", "needs the parameter op"),
    (["--dialect", "einx-0.3", "argmax", "a [b]", "x.npy"], 1, "", "OperationNotSupportedError"),
    (["--dialect", "einx-0.3", "add", "a a", "x.npy", "1"], 1, "", "SyntaxError"),
    (["--dialect", "nonsense", "sum", "a [b]", "x.npy"], 1, "", "no dialect nonsense"),
    (["explain", "--dialect", "einx-0.3", "dot", "a [b->c]", "f32[2, 3]", "factory", "c=4", "--emit", "expr"], 0,
     "a [b], [b] c -> a c", ""),
    (["flip", "a [b]", "x.npy"], 0, "[[2, 1, 0], [5, 4, 3]]", ""),
    (["argsort", "a [b]", "x.npy"], 0, "i64[2, 3] [[0, 1, 2], [0, 1, 2]]", ""),
    (["roll", "a [b]", "x.npy", "shift=1"], 0, "[[2, 0, 1], [5, 3, 4]]", ""),
    (["roll", "[a b]", "x.npy", "shift=[1,-1]"], 0, "[[4, 5, 3], [1, 2, 0]]", ""),
    (["roll", "a (b [c])", "x.npy", "shift=1", "c=3"], 0, "[[2, 0, 1], [5, 3, 4]]", ""),
    (["roll", "[a b]", "x.npy", "shift=1,2,3"], 1, "", "ValueError"),
    (["roll", "[a b]", "x.npy", "shift=1.5"], 1, "", "neither an integer nor a list"),
    (["roll", "[a b]", "x.npy"], 1, "", "TypeError"),
    (["explain", "roll", "a [b]", "f32[10, 10]", "shift=3", "--emit", "graph"], 0, 'shift=[3]', ""),
    (["explain", "sort", "a [b]", "f32[10, 10]", "--emit", "loops,schedule,llvm"], 0, "sort k0", ""),
    # explain
    (["explain", "sum", "a [b]", "f32[10, 10]"], 0, 'sum(i0, "a [b] -> a"', ""),
    (["explain", "sum", "a [b]", "f32[10, 10 : 1, 10]", "--emit", "graph"], 0, "i0: f32[10, 10 : 1, 10]", ""),
    (["explain", "sum", "a (b [c])", "f32[4, 6]", "c=3", "--emit", "expr"], 0, "full form  a (b [c]) -> a (b)\nsolved     a (b [c]) -> a b", ""),
    (["explain", "sum", "a [b]", "f32[100000, 100000, 100]", "--emit", "expr"], 1, "", "RankError"),
    (["explain", "sum", "a [b]", "f32[1000000, 1000000]", "--emit", "graph"], 0, "f32[1000000]", ""),
    (["explain", "dot", "a [b], [b] c -> a c", "f32[4, 6]", "factory", "c=2", "--emit", "graph"], 0, "i1: factory f32[6, 2]", ""),
    (["explain", "get_at", "b [h w] c, b p [2] -> b p c", "f32[4,5,6,3]", "i32[4,1024,2]", "--emit", "graph"], 0, "f32[4, 1024, 3]", ""),
    (["explain", "multiply", "a,", "f32[4]", "2", "--emit", "graph"], 0, "i1: f32[]", ""),
    (["explain", "sum", "a [b]", "f32[10]"], 1, "", "RankError"),
    (["explain", "sum", "a [b]", "f33[10]"], 2, "", "f33"),
    (["explain", "sum", "a [b]", "f32[10, x]"], 2, "", '"x"'),
    (["explain", "sum", "a [b]", "f32[10, 10 : 1]"], 2, "", "stride"),
    (["explain", "sum", "a [b]", "f32[-1, 10]"], 2, "", "negative"),
    (["explain", "sum", "a [b]", "f32[10, 10]", "--emit", "nonsense"], 2, "", "schedule"),
    (["explain", "sum", "a [b]", "f32[10, 10]", "--emit", "loops"], 0, "for ", ""),
    (["explain", "sum", "a [b]", "f32[10, 10]", "--emit", "llvm"], 0, "define ", ""),
    (["explain", "sum", "a [b]", "f32[10, 10]", "--emit", "asm"], 0, ".text", ""),
    (["explain", "sum", "a [b]", "f32[10, 10]", "--emit", "dot"], 0, "digraph", ""),
    (["explain", "sum", "a [b]", "f32[10, 10]", "--emit", "schedule"], 0, "k0", ""),
    # bench
    (["bench", "sum", "a [b]", "f32[64, 64]"], 0, "peak multiply-add", ""),
    (["bench", "id", "a b -> b a", "f64[64, 64 : 1, 64]"], 0, "of a copy", ""),
    (["bench", "sum", "a [b]"], 1, "", "ValueError"),
    (["bench", "sum", "a [b]", "f32[10"], 2, "", "f32[10"),
]


def texts():
    write_npy("x.npy", (2, 3), range(6))
    write_npy("empty.npy", (0,), [])
    for words, status, out, err in TEXTS:
        got = einx(*words)
        check.that(got[0] == status and out in got[1] and err in got[2], f"einx {words}: {status} {out!r} {err!r}", *got)
        check.that(status == 0 or got[1] == "", f"einx {words}: errors go to stderr", *got)


def files():
    write_npy("x.npy", (2, 3), range(6))
    got = einx("sum", "a [b]", "x.npy", "-o", "out.npy")
    check.that(got == (0, "", ""), "a call with -o is quiet", *got)
    check.that(read_npy("out.npy") == ((2,), [3, 12]), "-o writes the result", read_npy("out.npy"))
    got = einx("id", "a (b + c) -> b a, a c", "x.npy", "b=1", "-o", "p.npy", "--output=q.npy")
    check.that(got[0] == 0, "two results, two files", *got)
    check.that(read_npy("p.npy") == ((1, 2), [0, 3]), "the first result", read_npy("p.npy"))
    check.that(read_npy("q.npy") == ((2, 2), [1, 2, 4, 5]), "the second result", read_npy("q.npy"))
    got = einx("sum", "a [b]", "x.npy", "-o", "no/such/folder/out.npy")
    check.that(got[0] == 1 and "folder" in got[2], "a file that cannot be written", *got)


def stages():
    """explain shows in the order asked for; bench names every stage."""
    _, out, _ = einx("explain", "sum", "a [b]", "f32[8, 8]", "--emit", "dot", "--emit", "graph,expr")
    places = [out.find(part) for part in ("digraph", "def op0", "full form")]
    check.that(-1 not in places and places == sorted(places), "several --emit, in order", out)
    _, out, _ = einx("bench", "softmax", "a [b]", "f32[32, 32]")
    for stage in ("first call", "parse", "solve", "trace", "lower", "emit", "compile", "cached call", "kernel", "GB/s", "GFLOP/s"):
        check.that(stage in out, f"bench names {stage}", out)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    texts()
    files()
    stages()
    os.chdir("/")
check.finish()
