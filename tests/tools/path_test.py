#!/usr/bin/env python3
"""einx path: tables, JSON both ways, what makes no sense, and Ctrl-C.

usage: path_test.py EINX
"""
import json
import os
import pty
import random
import signal
import subprocess
import sys
import tempfile
import time

from command import Checks, Command

einx = Command(sys.argv[1])
check = Checks()

# words, exit status, what stdout has, what stderr has
TEXTS = [
    (["path", "--help"], 0, "einx path EQUATION", ""),
    (["path"], 2, "", "equation is missing"),
    (["path", "ij,jk,kl->il", "2,100", "100,2", "2,100"], 0, "Complete contraction:  ij,jk,kl->il", ""),
    (["path", "ij,jk,kl->il", "2,100", "100,2", "2,100"], 0, "Naive FLOP count:  1.200e+05", ""),
    (["path", "ij,jk,kl->il", "(2, 100)", "100,2", "2,100"], 0, "ij,jk->ik", ""),
    (["path", "ij,jk", "2,100", "100,2", "--print", "json"], 0, '"path":[[0,1]]', ""),
    (["path", "ij,,->j", "3,4", "", "()"], 0, "ij,,->j", ""),
    (["path", "ii->i", "3,3"], 0, "Optimized FLOP count:  3.000e+00", ""),
    (["path", "...i,...i", "5,1,3", "7,3", "--print=json"], 0, '"path":[[0,1]]', ""),
    (["path", "ij,jk,kl->il", "2,100", "100,2", "2,100", "--memory-limit", "2"], 0, "Sliced axes", ""),
    (["path", "ij,jk,kl->il", "2,100", "100,2", "2,100", "--memory-limit", "2", "--slices", "no"], 2, "", "4; allow more"),
    (["path", "ij,jk->ik", "2,3"], 2, "", "1 operand is given"),
    (["path", "ij,jk->ik", "2,3", "4,5"], 1, "", "AxisSizeError"),
    (["path", "ij,jk->iq", "2,3", "3,5"], 1, "", "SemanticError"),
    (["path", "i[j]", "2,3"], 1, "", "SyntaxError"),
    (["path", "ij", "2,x"], 2, "", '"2,x"'),
    (["path", "ij", "2,-3"], 2, "", '"2,-3"'),
    (["path", "ij", "2,3", "i=3"], 2, "", "NAME=SIZE"),
    (["path", "ij", "2,3", "--optimize", "best"], 2, "", "random-greedy"),
    (["path", "ij", "2,3", "--minimize", "fun"], 2, "", "flops"),
    (["path", "ij", "2,3", "--print", "xml"], 2, "", "json"),
    (["path", "ij", "2,3", "--time", "-1"], 2, "", "seconds"),
    (["path", "ij", "2,3", "--time", "soon"], 2, "", "soon"),
    (["path", "ij", "2,3", "--memory-limit", "0"], 2, "", "at least 1"),
    (["path", "ij", "2,3", "--seed", "-1"], 2, "", "--seed"),
    (["path", "ij", "2,3", "--constants", "1"], 2, "", "no operand 1"),
    (["path", "ij", "2,3", "--constants", "x"], 2, "", "--constants"),
    (["path", "--json", "missing.json"], 2, "", "missing.json"),
    (["path", "ij", "--json", "-"], 2, "", "no equation"),
]

GOOD = {"inputs": [["a", "b"], ["b", 1], [1, "d"]], "output": ["a", "d"], "size_dict": {"a": 2, "b": 100, "1": 2, "d": 100}}
# what is changed in GOOD, what the message has
BROKEN = [
    ({"inputs": 3}, '"inputs"'),
    ({"inputs": []}, "empty"),
    ({"inputs": [3]}, '"inputs"[0]'),
    ({"inputs": [["a", "q"]]}, '"q"'),
    ({"inputs": [["a", 1.5]]}, "1.5"),
    ({"inputs": [["a", True]]}, "true"),
    ({"output": ["z"]}, '"output"'),
    ({"output": None}, '"output"'),
    ({"output": ["a", "a"]}, "twice"),
    ({"size_dict": [1]}, '"size_dict"'),
    ({"size_dict": {"a": 2, "b": 3}}, "size_dict"),
    ({"size_dict": {"a": -2, "b": 100, "1": 2, "d": 100}}, "-2"),
    ({"size_dict": {"a": "2", "b": 100, "1": 2, "d": 100}}, "label a"),
]


def texts():
    for words, status, out, err in TEXTS:
        got = einx(*words)
        check.that(got[0] == status and out in got[1] and err in got[2], f"einx {words}: {status} {out!r} {err!r}", *got)
        check.that(status == 0 or got[1] == "", f"einx {words}: errors go to stderr", *got)


def files():
    status, out, _ = einx("path", "--json", "-", "--print", "json", stdin=json.dumps(GOOD))
    answer = json.loads(out)
    check.that(status == 0 and answer["path"] == [[0, 1], [0, 1]] and answer["flops"] == 1600 and answer["largest"] == 200, "a network", answer)
    check.that(0 <= answer["seconds"] < 5 and answer["slices"] == [] and answer["exact"], "what else is answered", answer)
    _, out, _ = einx("path", "--json", "-", "--print", "json", "--memory-limit", "1", stdin=json.dumps(GOOD))
    answer = json.loads(out)
    check.that(answer["slices"] and all(label in ("a", "b", 1, "d") for label in answer["slices"]), "slices are labels of the file", answer)
    for change, message in BROKEN:
        status, out, err = einx("path", "--json", "-", stdin=json.dumps({**GOOD, **change}))
        check.that(status == 2 and message in err and "standard input" in err or "twice" in err, f"{change}: {message!r}", status, out, err)
    for key in GOOD:
        status, _, err = einx("path", "--json", "-", stdin=json.dumps({k: v for k, v in GOOD.items() if k != key}))
        check.that(status == 2 and key in err, f"without {key}", status, err)
    for text in ("", "{", "[]", "3", "\x00"):
        status, _, err = einx("path", "--json", "-", stdin=text)
        check.that(status == 2 and "JSON" in err, f"{text!r}", status, err)


def large_network(terms):
    draw = random.Random(5)
    inputs = [[] for _ in range(terms)]
    for label in range(terms * 3 // 2):
        for term in draw.sample(range(terms), 2):
            inputs[term].append(label)
    return {"inputs": inputs, "output": [], "size_dict": {str(label): 3 for label in range(terms * 3 // 2)}}


def whole(path, terms):
    """Whether the path makes one of so many terms."""
    for step in path:
        if len(set(step)) != len(step) or not all(0 <= position < terms for position in step):
            return False
        terms -= len(step) - 1
    return terms == 1


def hundreds():
    """Every algorithm on hundreds of tensors; the same seed gives the same path."""
    with open("large.json", "w") as file:
        json.dump(large_network(300), file)
    flops = {}
    for algorithm in ("greedy", "random-greedy", "auto"):
        answers = []
        for _ in range(2):
            status, out, err = einx("path", "--json", "large.json", "--print", "json", "--optimize", algorithm, "--time", "0.05", "--seed", "3")
            check.that(status == 0, algorithm, status, err)
            answers.append(json.loads(out))
        flops[algorithm] = answers[0]["flops"]
        check.that(whole(answers[0]["path"], 300), f"{algorithm}: a whole path", answers[0]["path"])
    check.that(flops["random-greedy"] <= flops["greedy"] and flops["auto"] <= flops["greedy"], "search pays", flops)
    status, _, err = einx("path", "--json", "large.json", "--optimize", "optimal")
    check.that(status == 2 and "64 operands" in err, "too many for optimal", status, err)


def interrupted():
    """Ctrl-C ends a search of a minute with a path."""
    with open("large.json", "w") as file:
        json.dump(large_network(400), file)
    started = time.monotonic()
    process = subprocess.Popen([einx.program, "path", "--json", "large.json", "--print", "json", "--optimize", "random-greedy", "--time", "60"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=50)
    check.that(process.returncode == 0 and "interrupted" in err and whole(json.loads(out)["path"], 400), "Ctrl-C", process.returncode, err)
    check.that(time.monotonic() - started < 40, "it stops soon")


def bar():
    """On a terminal, a search of more than a second shows how far it is; without one it does not."""
    with open("large.json", "w") as file:
        json.dump(large_network(400), file)
    words = [einx.program, "path", "--json", "large.json", "--print", "json", "--optimize", "random-greedy", "--time", "2.5"]
    screen, terminal = pty.openpty()
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=terminal, text=True, timeout=100)
    os.close(terminal)
    shown = os.read(screen, 65536).decode()
    check.that(done.returncode == 0 and "best" in shown and "%" in shown and shown.endswith("\x1b[K"), "a bar", shown[-200:])
    done = subprocess.run(words, capture_output=True, text=True, timeout=100)
    check.that(done.stderr == "", "no bar without a terminal", done.stderr)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    texts()
    files()
    hundreds()
    interrupted()
    bar()
    os.chdir("/")
check.finish()
