"""Runs the examples of Markdown files.   docs_test.py cpp|console|tables|kinds|links [options] FILE...

cpp: every ```cpp block (cpp_examples.py). console: every ```console block, `$ command` and its output, `...` standing for anything. tables: every table with
the columns pattern, shapes, result (operation, sizes, dialect), and tables of dtypes, through `einx eval`. kinds: the error kinds documented against the table in the source.
links: relative links against files and headings.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

os.environ["EINX_CACHE_DIR"] = ""  # what the user keeps is left alone

import cpp_examples
import eval_rows
import markdown

failures = []
HERE = pathlib.Path(__file__).resolve().parent


def fail(path, line, what):
    failures.append(f"{path}:{line}: {what}")


def finish(done, what):
    for failure in failures:
        print(failure)
    print(f"{done} {what}, {len(failures)} failures")
    sys.exit(1 if failures or not done else 0)


def named(options):
    root = pathlib.Path(options.root)
    return [(root / name, name) for name in options.files]


def compile_cpp(options, folder):
    """The program of all examples; compiler messages name the Markdown file's lines."""
    units = []
    for path, name in named(options):
        identifier, text = cpp_examples.translate(path, name, HERE / "prelude.h")
        units.append((identifier, folder / f"{identifier}.cpp"))
        units[-1][1].write_text(text, encoding="utf-8")
    (folder / "main.cpp").write_text(cpp_examples.main_unit([identifier for identifier, _ in units]))
    sources = [folder / "main.cpp", HERE / "check.cpp", *[source for _, source in units]]
    flags = ["-std=c++20", "-O0", "-Wall", "-Wno-unused", f"-I{options.include}", f"-I{HERE}", *options.flags.split()]

    def compile_one(source):
        out = folder / (source.stem + ".o")
        return subprocess.run([*options.compiler.split(), *flags, "-c", str(source), "-o", str(out)], capture_output=True, text=True), out

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(compile_one, sources))
    for done, _ in results:
        if done.returncode:
            failures.append(done.stderr)
    if failures:
        finish(0, "compiled files")
    program = folder / "examples"
    library = pathlib.Path(options.library).resolve()
    subprocess.run([*options.compiler.split(), *options.flags.split(), *[str(out) for _, out in results], str(library),
                    f"-Wl,-rpath,{library.parent}", "-o", str(program)], check=True)
    return program


def run_cpp(options):
    folder = pathlib.Path(options.out).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    program = compile_cpp(options, folder)
    done = subprocess.run([str(program)], cwd=folder, capture_output=True, text=True)
    print(done.stdout[-20000:], done.stderr[-20000:])
    if done.returncode < 0:
        print(f"the examples ended by signal {-done.returncode}")
    sys.exit(done.returncode != 0)


def same_output(expected, actual):
    """`...` alone on a line stands for any lines, within a line for anything in it."""
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part.rstrip()) for part in line.split("...")) + r"[ ]*\n"
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in actual))


def commands(block):
    """(line, command, expected output)"""
    found = []
    for offset, line in enumerate(block.code):
        if line.startswith("$ "):
            found.append((block.line + offset, line[2:], []))
        elif found and found[-1][1].endswith("\\"):
            found[-1] = (found[-1][0], found[-1][1] + "\n" + line, [])
        elif found:
            found[-1][2].append(line)
    return found


def run_console(options):
    count = 0
    environment = dict(os.environ, PATH=f"{pathlib.Path(options.command).resolve().parent}:{os.environ['PATH']}")
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "examples").symlink_to(pathlib.Path(options.root).resolve() / "examples")
        for path, name in named(options):
            for block in (each for each in markdown.read(path, name)[0] if each.language == "console"):
                for line, command, expected in commands(block):
                    count += 1
                    done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                    while expected and not expected[-1].strip():
                        expected.pop()
                    if not same_output(expected, done.stdout.split("\n")[:-1]):
                        fail(name, line, f"$ {command}\nprints\n{done.stdout}")
                    if done.returncode and not re.match(r"\w+Error: ", done.stdout):
                        fail(name, line, f"$ {command} ends with status {done.returncode}")
    finish(count, "commands")


def evaluate(options, cases):
    """The answers of `einx eval`."""
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([options.command, "eval"], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def run_rows(options, rows):
    cases = []
    for row in rows:
        try:
            cases.append((row, eval_rows.case(row)))
        except ValueError as error:
            fail(row.path, row.line, error)
    for (row, case), answer in zip(cases, evaluate(options, [case for _, case in cases]), strict=True):
        result, expected = eval_rows.describe(answer), markdown.code(row.cells["result"]) or row.cells["result"]
        if not eval_rows.same(expected, result):
            fail(row.path, row.line, f"{case['op']} {case['pattern']!r}: the table says {expected}, the result is {result}")
    return {case["op"] for _, case in cases}


def operations(options):
    """(family, smallest number of operands) of every operation that there is; of one or more, two are taken."""
    lines = subprocess.run([options.command, "ops"], capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    found = [re.match(r"(\w+) +(\S+) +(\d+)( or more)?", line) for line in lines]
    return {match[1]: (match[2], max(int(match[3]), 2 if match[4] else 1)) for match in found}


def run_dtypes(options, rows):
    known = operations(options)
    cases = [(row, *each) for row in rows for each in eval_rows.dtype_cases(row, known)]
    for (row, case, expected), answer in zip(cases, evaluate(options, [case for _, case, _ in cases]), strict=True):
        described = eval_rows.describe(answer)
        if described.split("[")[0] != (expected or "OperationNotSupportedError dtype-not-supported"):
            fail(row.path, row.line, f"{case['id']}: the table says {expected or 'error'}, the result is {described}")


def run_tables(options):
    """Examples, and dtypes; if a document has a table of dtypes, the documents have an example of every operation."""
    rows = [row for path, name in named(options) for row in markdown.read(path, name)[1]]
    examples = [row for row in rows if {"pattern", "shapes", "result"} <= row.cells.keys()]
    shown = run_rows(options, examples)
    if dtypes := [row for row in rows if {"operations", "bool"} <= row.cells.keys()]:
        run_dtypes(options, dtypes)
        for name in operations(options).keys() - shown:
            fail(dtypes[0].path, dtypes[0].line, f"there is no example of {name}")
    finish(len(examples) + len(dtypes), "rows")


def check_json(name, line, example, class_name, kind):
    case = {"id": "", "dialect": "einx", **json.loads(example)}
    done = subprocess.run([options.command, "eval"], input=json.dumps(case) + "\n", capture_output=True, text=True, check=True)
    answer = eval_rows.describe(json.loads(done.stdout))
    if answer != f"{class_name} {kind}":
        fail(name, line, f"the example gives {answer}")


def run_kinds(options):
    """Every kind of the one table is provoked by an example of the documentation, and nothing else is documented as one."""
    table = set(re.findall(r'\{"(\w+Error)", "([\w-]+)",', pathlib.Path(options.kinds).read_text()))
    table -= {("InternalError", "internal")}
    documented = set()
    for path, name in named(options):
        for row in cpp_examples.kind_rows(markdown.read(path, name)[1]):
            error = (row.heading.split()[0].strip("`:"), markdown.code(row.cells["kind"]))
            documented.add(error)
            example = markdown.code(row.cells["raises"]) or ""
            if not example:
                fail(name, row.line, "this kind has no example")
            if example.startswith('{"'):
                check_json(name, row.line, example, *error)
    for kind in sorted(table - documented):
        fail(options.files[0], 1, f"no example provokes {' '.join(kind)}")
    for kind in sorted(documented - table):
        fail(options.files[0], 1, f"there is no kind {' '.join(kind)}")
    finish(len(table) if len(table) > 50 else 0, "kinds")


def anchors(path):
    """GitHub's names of a file's headings."""
    titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def run_links(options):
    """Every relative link leads to a file, and to a heading of it."""
    count = 0
    for path, name in named(options):
        for at, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                if re.match(r"\w+:", target):
                    continue
                count += 1
                file, _, anchor = target.partition("#")
                linked = path.parent / file if file else path
                if not linked.exists():
                    fail(name, at, f"there is no {file}")
                elif anchor and anchor not in anchors(linked):
                    fail(name, at, f"{linked.name} has no heading #{anchor}")
    finish(count, "links")


parser = argparse.ArgumentParser()
parser.add_argument("what", choices=("cpp", "console", "tables", "kinds", "links"))
for name in ("root", "compiler", "flags", "include", "library", "command", "out", "kinds"):
    parser.add_argument("--" + name, default="")
parser.add_argument("files", nargs="+")
options = parser.parse_args()
{"cpp": run_cpp, "console": run_console, "tables": run_tables, "kinds": run_kinds, "links": run_links}[options.what](options)
