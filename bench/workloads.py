#!/usr/bin/env python3
"""The three recorded layers of e3nn in NumPy, every einsum with optimize=True, beside what the program `equivariant` measures of ours in the same run.

usage: bench/workloads.py build/release/equivariant

Inputs and weights are random; threads are one each. Prints a table: microseconds a call, and ratios to the layer compiled as one function.
"""
import json
import os
import re
import subprocess
import sys
import timeit

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np  # noqa: E402  (after its threads are set)

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LAYERS = {"linear": "e3nn_linear", "fully connected": "e3nn_fctp_small", "convolution": "e3nn_nequip_uvu_conv"}


def index(item):
    return slice(*item["slice"]) if isinstance(item, dict) else item


def sizes(args):
    return args[0] if len(args) == 1 and isinstance(args[0], list) else args


OPERATIONS = {
    "expand": lambda x, shape: np.broadcast_to(x, [a if b == -1 else b for a, b in zip(x.shape, shape)]),
    "reshape": lambda x, *shape: x.reshape(sizes(shape)),
    "getitem": lambda x, items: x[tuple(index(item) for item in items)],
    "narrow": lambda x, axis, start, length: np.take(x, range(start, start + length), axis) if axis != -1 else x[..., start:start + length],
    "einsum": lambda equation, *operands: np.einsum(equation, *operands, optimize=True),
    "mul": np.multiply,
    "truediv": np.divide,
    "add": np.add,
    "cat": lambda parts, dim: np.concatenate(parts, dim),
}


def given(values, argument):
    """An argument with references replaced by what they refer to."""
    if isinstance(argument, dict) and "ref" in argument:
        return values[argument["ref"]]
    if isinstance(argument, list):
        return [given(values, item) for item in argument]
    return argument


def microseconds(name):
    """Of one run of the recorded graph, operation by operation."""
    with open(os.path.join(ROOT, "tests", "workloads", name + ".json")) as file:
        nodes = json.load(file)["ops"]
    random = np.random.default_rng(7)
    values = {}
    for node in nodes:
        if node["op"] in ("placeholder", "get_attr"):
            values[node["id"]] = random.standard_normal(node["shape"]).astype("f")
    work = [(node["id"], OPERATIONS[node["op"]], node["args"], node.get("kwargs", {})) for node in nodes if node["op"] in OPERATIONS]

    def run():
        for at, operation, arguments, keywords in work:
            values[at] = operation(*given(values, arguments), **keywords)

    run()
    for node in nodes:
        assert node["op"] == "output" or list(values[node["id"]].shape) == node["shape"], node
    return min(timeit.repeat(run, number=10, repeat=9)) / 10 * 1e6


def main():
    text = subprocess.run(sys.argv[1:] + [os.path.join(ROOT, "examples", "equivariant", "recorded")], env={**os.environ, "EINX_NUM_THREADS": "1"},
                          check=True, capture_output=True, text=True).stdout
    print(f"{'layer':18}{'one function':>14}{'one by one':>14}{'ratio':>8}{'NumPy':>12}{'ratio':>8}")
    for layer, name in LAYERS.items():
        single, fused = map(float, re.search(rf"{layer} +\d+ operations +([\d.]+) us +compiled as one +([\d.]+) us", text).groups())
        numpy = microseconds(name)
        print(f"{layer:18}{fused:11.1f} us{single:11.1f} us{single / fused:8.2f}{numpy:9.1f} us{numpy / fused:8.1f}")


if __name__ == "__main__":
    main()
