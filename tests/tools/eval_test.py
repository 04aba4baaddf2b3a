#!/usr/bin/env python3
"""`einx eval`: the format of its answers, and that nothing stops it.

usage: eval_test.py EINX
"""
import json
import subprocess
import sys

from command import Checks, Command

einx = Command(sys.argv[1])
check = Checks()


def case(op, pattern, inputs, **more):
    return {"op": op, "pattern": pattern, "inputs": inputs, "kwargs": {}, **more}


def tensor(shape, dtype, data=None):
    return {"shape": shape, "dtype": dtype} if data is None else {"shape": shape, "dtype": dtype, "data": data}


def output(shape, dtype, data):
    return {"outputs": [{"shape": shape, "dtype": dtype, "data": data}]}


BIG = 2**63 - 1
# a case, the answer without id and via; an error is its class, or class and kind
ANSWERS = [
    (case("sum", "a [b]", [tensor([2, 2], "float32", [1, 2, 3, 4])]), output([2], "float32", [3, 7])),
    (case("sum", "a [b]", [tensor([2, 2], "float32")]), output([2], "float32", [0, 0])),
    (case("sum", "a [b]", [tensor([1, 2], "float32", [1, 2])], kwargs={"keepdims": True}), output([1, 1], "float32", [3])),
    (case("sum", "a [b]", [tensor([1, 2], "float32", [1, 2])], kwargs={"keepdims": None}), output([1], "float32", [3])),
    (case("id", "a -> a", [tensor([2], "int64", [BIG, -BIG - 1])]), output([2], "int64", [BIG, -BIG - 1])),
    (case("id", "a -> a", [tensor([2], "uint64", [2**64 - 1, 0])]), output([2], "uint64", [2**64 - 1, 0])),
    (case("id", "a -> a", [tensor([3], "float64", ["nan", "inf", "-inf"])]), output([3], "float64", ["nan", "inf", "-inf"])),
    (case("id", "a -> a", [tensor([2], "bool", [True, 0])]), output([2], "bool", [True, False])),
    (case("id", "a -> a", [tensor([0], "float32", [])]), output([0], "float32", [])),
    (case("id", "a b -> (a b)", [{"factory": {"iota_mod": 3, "dtype": "int32"}}], kwargs={"a": 2, "b": 2}),
     output([4], "int32", [0, 1, 2, 0])),
    (case("id", "(a b)... -> a... b...", [tensor([4, 6], "int8")], kwargs={"b": [2, 3]}), output([2, 2, 2, 3], "int8", [0] * 24)),
    # scalars are strict but in dot
    (case("add", "a,", [tensor([1], "float32", [1]), {"scalar": "float", "value": 2}]), output([1], "float64", [3])),
    (case("add", "a,", [tensor([1], "int32", [1]), {"scalar": "int", "value": 2}]), output([1], "int64", [3])),
    (case("dot", "a, -> a", [tensor([1], "float32", [1]), {"scalar": "float", "value": 2}]), output([1], "float32", [2])),
    # keywords that are nothing
    (case("sum", "[a]", [tensor([2], "float32", [1, 2])], kwargs={"ddof": 1}), output([], "float32", [3])),
    (case("sum", "[a]", [tensor([2], "float32")], kwargs={"dtype": "float64"}), ("ValueError", "constraint-not-integer")),
    (case("id", "a -> a b", [tensor([2], "float32")], kwargs={"b": 2.5}), ("ValueError", "constraint-not-integer")),
    (case("id", "a -> a b", [tensor([2], "float32")], kwargs={"b": True}), ("ValueError", "constraint-not-integer")),
    (case("id", "(a b)... -> a... b...", [tensor([4, 6], "int8")], kwargs={"b": [[2, 2]]}), ("RankError", "ellipsis-depth")),
    # a parameter of the operation's own
    (case("roll", "[a]", [tensor([3], "int8", [1, 2, 3])], kwargs={"shift": 1}), output([3], "int8", [3, 1, 2])),
    (case("roll", "[a]", [tensor([3], "int8", [1, 2, 3])], kwargs={"shift": [-BIG - 1]}), output([3], "int8", [3, 1, 2])),
    (case("roll", "[a]", [tensor([3], "int8")], kwargs={"shift": 1.0}), ("ValueError", "shift-type")),
    (case("roll", "[a]", [tensor([3], "int8")], kwargs={"shift": True}), ("ValueError", "shift-type")),
    (case("roll", "[a]", [tensor([3], "int8")], kwargs={"shift": "1"}), ("ValueError", "shift-type")),
    (case("roll", "[a]", [tensor([3], "int8")], kwargs={"shift": [[1]]}), ("ValueError", "shift-type")),
    (case("roll", "[a]", [tensor([3], "int8")], kwargs={"shift": BIG + 1}), ("ValueError", "shift-type")),
    (case("roll", "[a]", [tensor([3], "int8")], kwargs={"shift": []}), ("ValueError", "shift-length")),
    (case("roll", "[a]", [tensor([3], "int8")]), ("TypeError", "python-signature")),
    (case("flip", "[a]", [tensor([3], "int8", [1, 2, 3])], kwargs={"shift": 1}), output([3], "int8", [3, 2, 1])),
    # helpers
    (case("solve_axes", "(a b)... c", [tensor([4, 6, 3], "float32")], kwargs={"b": 2}), {"axes": {"a": [2, 3], "b": [2, 2], "c": 3}}),
    (case("solve_shapes", "a b, c b a", [tensor([3, 4], "float32"), {"none": True}], kwargs={"c": 3}), {"shapes": [[3, 4], [3, 4, 3]]}),
    (case("matches", "a b", [tensor([3, 4], "float32")]), {"bool": True}),
    (case("matches", "a (b", [tensor([3, 4], "float32")]), {"bool": False}),
    (case("check", "a b", [tensor([3, 4], "float32")]), {"ok": True}),
    (case("check", "a b", [tensor([3], "float32")]), "RankError"),
    # what is not there
    (case("sum", "[a]", [tensor([2], "float32")], dialect="einx"), output([], "float32", [0])),
    (case("sum", "[a]", [tensor([2], "float32")], dialect="einops-9"), ("OperationNotSupportedError", "unknown-operation")),
    (case("nonsense", "[a]", [tensor([2], "float32")]), ("OperationNotSupportedError", "unknown-operation")),
    # what is no case
    (case("sum", "[a]", [tensor([2], "float32", [1, 2, 3])]), "ValueError"),
    (case("sum", "[a]", [tensor([-2], "float32")]), "ValueError"),
    (case("sum", "[a]", [tensor([2**62, 2**62], "float32")]), "ValueError"),
    (case("sum", "[a]", [tensor([2], "float33")]), "ValueError"),
    (case("sum", "[a]", [tensor([2], "float32", [1, "many"])]), "ValueError"),
    (case("sum", "[a]", [{"scalar": "complex", "value": 1}]), "ValueError"),
    (case("sum", 5, [tensor([2], "float32")]), "ValueError"),
    (case("sum", "[a]", [{"factory": {"iota_mod": 0, "dtype": "int32"}}], kwargs={"a": 2}), "ValueError"),
    (case("sum", "[a]", 7), "ValueError"),
    ({"op": "sum"}, "ValueError"),
    (case("sum", "[a]", [{"none": True}]), "TypeError"),
    (case("sum", "[a] b \U0001f600", [tensor([2], "float32")]), "SyntaxError"),
    (case("max", "[a]", [tensor([0], "float32")]), "CallOperationError"),
]
# a line that is no case, the id of the answer
LINES = [
    ("this is not JSON", None),
    ('{"id": "x1", "op": "sum", ', "x1"),
    ('{"id": 7, "op": }', 7),
    ('{"op": "sum", "id" : "tail"', "tail"),
    ('{"id": ', None),
    ('{"id": "unfinished', None),
    ("[1, 2]", None),
    ("7", None),
    ("null", None),
    ("[" * 100000, None),
    ('{"id": "latin", "op": "\udce9"}', "latin"),  # not UTF-8
    ("{}", None),
]


def right(got, want):
    if isinstance(want, dict):
        return {k: v for k, v in got.items() if k not in ("id", "via")} == want
    error = got.get("error", {})
    names = (want,) if isinstance(want, str) else want
    return (error.get("class"), error.get("kind"))[: len(names)] == names and error.get("message") and isinstance(error.get("carets"), list)


def answers(env, via):
    lines = [json.dumps({"id": str(k), **each}) for k, (each, _) in enumerate(ANSWERS)]
    status, out, _ = einx("eval", stdin="\n".join(lines) + "\n", env=env)
    got = [json.loads(line) for line in out.splitlines()]
    check.that(status == 0 and [each["id"] for each in got] == [str(k) for k in range(len(ANSWERS))], "an answer a case, in order", out[-300:])
    for (each, want), answer in zip(ANSWERS, got):
        check.that(right(answer, want), f"{each['op']} {each.get('pattern')!r} {each.get('kwargs')}: {want}", answer)
        check.that("outputs" not in answer or answer["via"] == via, f"computed by the {via}", answer)


def broken_lines():
    good = json.dumps({"id": "good", **case("sum", "[a]", [tensor([1], "float32", [4])])})
    for line, name in LINES:
        run = subprocess.run([einx.program, "eval"], input=f"{line}\n\n{good}\n".encode("utf-8", "surrogateescape"), capture_output=True, timeout=60)
        out = run.stdout.decode().splitlines()
        check.that(run.returncode == 0 and len(out) == 2, f"{line[:40]!r} stops nothing", run)
        first, second = json.loads(out[0]), json.loads(out[1])
        check.that(first["id"] == name and first["error"]["class"] == "ValueError", f"{line[:40]!r} is a ValueError with id {name}", first)
        check.that(second["outputs"][0]["data"] == [4], "the next case is answered", second)


def flushes():
    """An answer comes before the next case is sent."""
    with subprocess.Popen([einx.program, "eval"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        for k in range(3):
            run.stdin.write(json.dumps({"id": k, **case("sum", "[a]", [tensor([1], "float32", [k])])}) + "\n")
            run.stdin.flush()
            check.that(json.loads(run.stdout.readline())["outputs"][0]["data"] == [k], f"answer {k} comes at once")
        run.stdin.close()


def warnings():
    line = json.dumps({"id": 1, **case("sum", "[a]", [tensor([2], "float32")], kwargs={"axis": 1})})
    _, out, err = einx("eval", stdin=line + "\n")
    check.that("axis" in err and "ignored" in err and "outputs" in out, "a keyword that is nothing is warned of", out, err)
    lines = [json.dumps({"id": n, **case("sum", "[a]", [tensor([n], "float32")])}) for n in range(1, 9)]
    _, out, err = einx("eval", stdin="\n".join(lines) + "\n", env={"EINX_WARN_ON_RETRACE": "5"})
    check.that(err.count("EINX_WARN_ON_RETRACE=5") == 1, "the stream is one call site: one warning", err)
    check.that("axis a of operand 0: 1, 2, 3, 4, 5" in err, "the warning says what differed", err)
    check.that(len(out.splitlines()) == 8, "and all cases are answered", out)


answers({}, "jit")
answers({"EINX_JIT": "0"}, "reference")
broken_lines()
flushes()
warnings()
check.finish()
