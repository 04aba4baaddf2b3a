"""Rows of tables as cases for `einx eval`, and its answers in the words of the tables.

shapes: operands separated by spaces: `f32[2, 3]` counts 0, 1, 2, ...; `i64[3] {0, 2, 1}` has these values; `2` is a number; `none` an unknown shape.
sizes:  `g=2 shift={1, 2}`.   result: `f32[2] {1, 2}`, `f32[2]`, several separated by commas, `SyntaxError invalid-token`, `a=2 b={2, 3}`, `true`.
"""
import math
import re

import markdown

NAMES = {"bool": "bool", "bf16": "bfloat16", **{f"{kind[0]}{bits}": f"{kind}{bits}" for kind, sizes in (("int", (8, 16, 32, 64)), ("uint", (8, 16, 32, 64)),
         ("float", (16, 32, 64))) for bits in sizes}}
SHORT = {long: short for short, long in NAMES.items()}
OPERAND = re.compile(r"(?P<dtype>\w+)\[(?P<shape>[\d, ]*)\](?:\s*\{(?P<values>[^}]*)\})?|(?P<number>-?[\d.]+|true|false)|(?P<none>none)")


def number(text):
    if text in ("nan", "inf", "-inf"):
        return text
    return {"true": 1, "false": 0}.get(text) if text in ("true", "false") else float(text) if re.search(r"[.e]", text) else int(text)


def integers(text):
    return [int(word) for word in re.findall(r"-?\d+", text)]


def operand(match):
    if match["none"]:
        return {"none": True}
    if match["number"]:
        kind = "bool" if match["number"] in ("true", "false") else "float" if "." in match["number"] else "int"
        value = match["number"] == "true" if kind == "bool" else number(match["number"])
        return {"scalar": kind, "value": value}
    shape = integers(match["shape"])
    if match["values"] is not None:
        data = [number(word) for word in re.split(r"[,\s]+", match["values"].strip()) if word]
    else:
        data = list(range(math.prod(shape)))
        if match["dtype"] == "bool":
            data = [value % 2 for value in data]
    if match["dtype"] not in NAMES:
        raise ValueError(f"there is no dtype {match['dtype']}")
    return {"shape": shape, "dtype": NAMES[match["dtype"]], "data": data}


def operands(text):
    found, at = [], 0
    while at < len(text):
        match = OPERAND.match(text, at)
        if not match:
            raise ValueError(f"no operand: {text[at:]}")
        found.append(operand(match))
        at = match.end()
        while at < len(text) and text[at] in " ;":
            at += 1
    return found


def sizes(text):
    result = {}
    for name, value in re.findall(r"(\w+)=(\{[^}]*\}|[^\s{}]+)", text):
        if value.startswith("{"):
            result[name] = integers(value)
        else:
            result[name] = {"true": True, "false": False}.get(value, value) if not re.fullmatch(r"-?\d+", value) else int(value)
    return result


def case(row):
    """The JSON case of a row. A pattern stands in backticks, so that its spaces survive."""
    text = lambda column: markdown.code(row.cells.get(column, "")) or ""
    pattern = markdown.code(row.cells["pattern"])
    if pattern is None:
        raise ValueError("the pattern has no backticks")
    op = text("operation") or row.cells.get("operation") or row.heading.split()[0].strip("`")
    result = {"id": str(row.line), "dialect": row.cells.get("dialect", "einx").strip("`"), "op": op, "pattern": pattern.strip('"'),
              "inputs": operands(text("shapes").strip()), "kwargs": sizes(text("sizes"))}
    if row.cells.get("list"):
        result["list"] = True
    return result


# A call of each family whose operands all have one dtype: pattern, kinds of operands (v: of the dtype, c: coordinates), sizes.
FAMILIES = {"id": ("a", "v", {}), "elementwise": ("a", "v", {}), "reduction": ("[a]", "v", {}), "dot": ("[a], [a] -> ", "vv", {}),
            "shape-preserving": ("[a]", "v", {}), "indexing": ("[a], p -> p", "vc", {}), "update": ("[a], p, p", "vcv", {}),
            "position": ("[a]", "v", {})}


def dtype_cases(row, families):
    """(case, dtype of the result or None for an error) for a row of a table of dtypes. `families`: (family, smallest number of operands) by operation."""
    for op in re.findall(r"`(\w+)`", row.cells["operations"]):
        family, count = families[op]
        pattern, kinds, given = FAMILIES[family]
        if family == "elementwise":
            pattern, kinds = ", ".join([pattern] * count), kinds * count
        for title, cell in row.cells.items():
            dtypes = title.split()
            if not all(dtype in NAMES for dtype in dtypes):
                continue
            claimed = cell.split() if len(cell.split()) > 1 else cell.split() * len(dtypes)
            for dtype, result in zip(dtypes, claimed, strict=True):
                inputs = [{"shape": [1], "dtype": NAMES[dtype] if kind == "v" else "int64"} for kind in kinds]
                kwargs = {"shift": 1} if op == "roll" else given
                yield ({"id": f"{op} of {dtype}", "dialect": "einx", "op": op, "pattern": pattern, "inputs": inputs, "kwargs": kwargs},
                       {"same": dtype, "error": None}.get(result, result))


def shown(value):
    return f"{value:.6g}" if isinstance(value, float) else str(int(value)) if isinstance(value, bool) else str(value)


def describe(answer):
    if "error" in answer:
        return f"{answer['error']['class']} {answer['error']['kind']}"
    if "outputs" in answer:
        return ", ".join(f"{SHORT[each['dtype']]}[{', '.join(map(str, each['shape']))}] {{{', '.join(map(shown, each['data']))}}}"
                         for each in answer["outputs"])
    if "axes" in answer:
        listed = lambda value: "{" + ", ".join(map(str, value)) + "}" if isinstance(value, list) else str(value)
        return " ".join(f"{name}={listed(value)}" for name, value in sorted(answer["axes"].items()))
    if "shapes" in answer:
        return ", ".join("{" + ", ".join(map(str, shape)) + "}" for shape in answer["shapes"])
    return str(answer.get("bool", answer.get("ok"))).lower()


def words(text):
    return re.findall(r"[\w.+-]+|[^\w\s]", text)


def same_word(claimed, result):
    try:
        return claimed == result or math.isclose(float(claimed), float(result), rel_tol=1e-5)
    except ValueError:
        return False


def same(claimed, result):
    """Whether a claim holds; values may be left out of it."""
    if "{" not in claimed or ("[" in claimed and claimed.count("{") < claimed.count("[")):
        if "[" in claimed and "{" not in claimed:
            result = re.sub(r" \{[^}]*\}", "", result)
    a, b = words(claimed), words(result)
    return len(a) == len(b) and all(map(same_word, a, b))
