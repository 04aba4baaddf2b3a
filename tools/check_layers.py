#!/usr/bin/env python3
"""Holds the includes to the layers of docs/architecture.md: a layer includes only front doors of layers before it.

usage: check_layers.py [ROOT]     exit 1 and one line per include that breaks a rule
"""
import pathlib, re, sys

LAYERS = "support tensor notation ops graph script reference paths trace passes loops codegen cache disk api model".split()
SECOND_DOORS = {"support": {"near.h"}, "tensor": {"owners.h"}, "graph": {"read.h", "literal.h"}, "loops": {"flow.h"}, "codegen": {"flow.h"},
                "api": {"tracing.h", "optimizing.h", "operands.h", "dynamic.h"}}  # what few layers need, so that the others are not compiled again for it
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.M)


def complaint(folder, included):
    """Why a file of src/<folder> (or include/einx, runtime) may not include this, or None."""
    if included.startswith(("llvm/", "llvm-c/")) and folder != "codegen":
        return "LLVM headers belong to src/codegen"
    top, _, rest = included.partition("/")
    if folder == "include":
        return None if top == "einx" or not rest or "." not in included else "public headers include only the standard library"
    if folder == "runtime":
        return "runtime includes nothing of ours" if top in LAYERS or top == "einx" else None
    if top not in LAYERS or top == folder:
        return None
    if LAYERS.index(top) > LAYERS.index(folder):
        return f"{top} comes after {folder}"
    doors = {f"{top}.h"} | SECOND_DOORS.get(top, set())
    return None if rest in doors else f"only {top}/{top}.h may be included from outside"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    files = [(layer, f) for layer in LAYERS for f in sorted((root / "src" / layer).glob("*.*"))]
    files += [(d.split("/")[0], f) for d in ("include/einx", "runtime") for f in sorted((root / d).glob("*.*"))]
    bad, seen = 0, 0
    for folder, path in files:
        if path.suffix not in (".h", ".cpp"):
            continue
        seen += 1
        for included in INCLUDE.findall(path.read_text()):
            why = complaint(folder, included)
            if why:
                bad += 1
                print(f"{path}: includes {included}: {why}")
    print(f"{seen} files, {bad} includes against the layers")
    return 1 if bad or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
