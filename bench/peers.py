#!/usr/bin/env python3
"""Peers that live in Python, NumPy and torch, in a process of their own with the same floors measured in it.

usage: peers.py [--threads N[,N]] [--row NAME]... > EXTRA.json      a list of {"row", "threads", "peer", "ratio"}: time over floor, or share of the FMA peak
NumPy's floors: np.copyto for copies, the dot product of a vector with itself for reads. Rows of the FMA peak are left to the C++ program.
"""
import argparse, json, time

try:
    import numpy as np
except ImportError:
    np = None
try:
    import torch
except ImportError:
    torch = None


def fastest(works, rounds=7):
    best = [float("inf")] * len(works)
    for work in works:
        work()
    for _ in range(rounds):
        for k, work in enumerate(works):
            start = time.perf_counter()
            work()
            best[k] = min(best[k], time.perf_counter() - start)
    return best


def problems():
    """Row -> (floor's kind, operands, {peer: function})."""
    rng = np.random.default_rng(1)
    square = rng.random((4096, 4096), dtype=np.float32)
    small = rng.random((1000, 1000), dtype=np.float32)
    images = rng.random((32, 64, 56, 56), dtype=np.float32)
    cube = rng.random((256, 256, 256), dtype=np.float32)
    five = rng.random((24,) * 5, dtype=np.float32)
    attention = rng.random((8, 16, 256, 256), dtype=np.float32)
    row = rng.random(4096, dtype=np.float32)

    def permute(x, axes):
        out = np.empty([x.shape[a] for a in axes], np.float32)
        works = {"NumPy": lambda: np.copyto(out, x.transpose(axes))}
        if torch:
            t, o = torch.from_numpy(x), torch.empty([x.shape[a] for a in axes])
            works["torch"] = lambda: o.copy_(t.permute(axes))
        return "copy", x, works

    def reduce(x, name, axis):
        works = {"NumPy": lambda: getattr(np, name)(x, axis=axis)}
        if torch:
            t = torch.from_numpy(x)
            call = {"max": torch.amax}.get(name) or getattr(torch, name)
            works["torch"] = lambda: call(t, dim=axis)
        return "read", x, works

    def softmax():
        t = torch.from_numpy(attention) if torch else None
        return "copy", attention, {"torch": lambda: torch.softmax(t, -1)} if torch else {}

    def bias():
        out = np.empty_like(square)
        works = {"NumPy": lambda: np.add(square, row, out=out)}
        if torch:
            t, r, o = torch.from_numpy(square), torch.from_numpy(row), torch.empty(4096, 4096)
            works["torch"] = lambda: torch.add(t, r, out=o)
        return "copy", square, works

    return {
        "transpose-4096": permute(square, (1, 0)), "transpose-1000": permute(small, (1, 0)), "nhwc": permute(images, (0, 2, 3, 1)),
        "rotate3": permute(cube, (2, 0, 1)), "reverse3": permute(cube, (2, 1, 0)), "reverse5": permute(five, (4, 3, 2, 1, 0)),
        "sum-last": reduce(square, "sum", 1), "sum-first": reduce(square, "sum", 0), "max-last": reduce(square, "max", 1),
        "max-first": reduce(square, "max", 0), "argmax-last": reduce(square, "argmax", 1), "argmax-first": reduce(square, "argmax", 0),
        "var-last": reduce(square, "var", 1), "var-first": reduce(square, "var", 0), "mean-hw": reduce(images, "mean", (2, 3)),
        "softmax": softmax(), "bias": bias(),
    }


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--threads", default="1,2")
    ap.add_argument("--row", action="append", default=[])
    a, _ = ap.parse_known_args()
    found = []
    counts = [int(text) for text in a.threads.split(",")] if np else []
    for threads in counts:
        if torch:
            torch.set_num_threads(threads)
        for row, (kind, x, works) in problems().items():
            if a.row and row not in a.row:
                continue
            flat, target = x.reshape(-1), np.empty(x.size, np.float32)
            floor = (lambda: np.copyto(target, flat)) if kind == "copy" else (lambda: np.dot(flat, flat))
            times = fastest([floor] + list(works.values()))
            for name, taken in zip(works, times[1:]):
                found.append({"row": row, "threads": threads, "peer": name, "ratio": taken / times[0]})
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
