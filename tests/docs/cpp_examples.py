"""Turns the C++ examples of Markdown files into a program that checks what they claim.

A ```cpp block becomes a function; code in a comment `<!-- setup` ... `-->` stands before every later block of its file. A block that begins with `struct` defines
classes for all blocks of its file. A statement may end in
  // -> f32[4, 2]               its result's, or the declared variable's, dtype and shape; {1, 2, ...} behind: also the values
  // y -> f32[4, 2]             the same for another expression
  // raises SyntaxError invalid-token
A colon ends a claim. In tables with the columns `kind`, `raises` and `fixed`, the second is an expression that raises exactly the class in the
heading above it with this kind; the third works. (What C++'s types rule out stands there as a JSON case; docs_test.py runs it.)
"""
import re

import markdown

CLAIM = re.compile(r"//\s*(?P<subject>[^;]*?)->\s*(?P<claim>.*)$")
RAISES = re.compile(r"//\s*raises (?P<claim>\w+ [\w-]+)")
DECLARATION = re.compile(r"(?:const )?(?:auto|std::\S+|einx::\w+|Tensor|Shape)\s*&?\s*(?:(?P<name>\w+)|\[(?P<names>[\w, ]+)\])\s*=")


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def split_comment(line):
    """Code and comment; `//` within a string is code."""
    quote = False
    for at, sign in enumerate(line):
        if sign == '"' and line[at - 1] != "\\":
            quote = not quote
        if not quote and line.startswith("//", at):
            return line[:at], line[at:]
    return line, ""


def subject_of(code, named):
    """What a claim is about: an expression that is evaluated after the statement, or None for the statement itself."""
    if named:
        return named
    declared = DECLARATION.match(code.strip())
    if not declared:
        return None
    return declared["name"] or declared["names"]


def checked(statement, place, comment):
    """C++ for a statement (a list of lines) with the comment behind it."""
    text = "\n".join(statement)
    if raised := RAISES.match(comment):
        return f"docs::claim_raises({place}, {quoted(raised['claim'])}, [&] {{ {text}\n }});"
    claimed = CLAIM.match(comment)
    if not claimed:
        return text
    claim = re.split(r"[:;](?:\s|$)", claimed["claim"])[0].strip()
    subject = subject_of(text, claimed["subject"].strip())
    if subject is None:
        return f"docs::claim({place}, {quoted(claim)}, docs::describe({text.strip().rstrip(';')}));"
    results = ' + ", " + '.join(f"docs::describe({each.strip()})" for each in re.split(r",(?![^(]*\))", subject))
    return f"{text}\ndocs::claim({place}, {quoted(claim)}, {results});"


def statements(block):
    """The block's lines, with a claim behind the statement that it is about."""
    out, pending = [], []
    for offset, line in enumerate(block.code):
        code, comment = split_comment(line)
        number = block.line + offset
        if not code.strip():
            continue
        if code.strip().startswith("#include"):
            continue
        if not pending:
            out.append(f'#line {number} {quoted(block.path)}')
            if not code.strip().startswith("}"):
                out.append(f"docs::step({number});")
        pending.append(code.rstrip())
        if code.rstrip().endswith((";", "{", "}")):
            out.append(checked(pending, f"{{{quoted(block.path)}, {number}}}", comment))
            pending = []
    return out + pending


def setup_lines(place):
    return [f"#line {line} {quoted(place.path)}\n{text}" for line, text in place.setup]


def block_function(name, block):
    return "\n".join([f"void {name}() {{", *setup_lines(block), *statements(block), "}"])


def defines(block):
    """Whether a block is definitions, not statements."""
    return next((line for line in block.code if line.strip()), "").startswith("struct ")


def definition(block):
    return "\n".join([f"#line {block.line} {quoted(block.path)}", *block.code])


def kind_rows(rows):
    return [row for row in rows if {"kind", "raises", "fixed"} <= row.cells.keys()]


def row_function(name, row):
    place = f"{{{quoted(row.path)}, {row.line}}}"
    error = f"{row.heading.split()[0].strip('`:')} {markdown.code(row.cells['kind'])}"
    lines = [f"void {name}() {{", *setup_lines(row), f"#line {row.line} {quoted(row.path)}"]
    for column, claimed in (("raises", error), ("fixed", "")):
        expression = markdown.code(row.cells[column])
        if expression and not expression.startswith('{"'):
            lines.append(f"docs::claim_raises({place}, {quoted(claimed)}, [&] {{ (void)({expression}); }});")
    return "\n".join(lines + ["}"])


def translate(path, name, prelude):
    """The translation unit for one file: its examples, and `void run_NAME()` that calls them."""
    blocks, rows = markdown.read(path, name)
    identifier = re.sub(r"\W", "_", name)
    examples = [block for block in blocks if block.language == "cpp"]
    functions, calls = [definition(block) for block in examples if defines(block)], []
    for block in (each for each in examples if not defines(each)):
        functions.append(block_function(f"block_{block.line}", block))
        calls.append((f"block_{block.line}", block.line))
    for row in kind_rows(rows):
        functions.append(row_function(f"row_{row.line}", row))
        calls.append((f"row_{row.line}", row.line))
    body = "\n".join(f"  docs::run({{{quoted(name)}, {line}}}, {function});" for function, line in calls)
    unit = f'#include "{prelude}"\n\nnamespace {{\n' + "\n\n".join(functions) + "\n}  // namespace\n"
    return identifier, f"{unit}\nvoid run_{identifier}() {{\n{body}\n}}\n"


def main_unit(identifiers):
    lines = [f"void run_{each}();" for each in identifiers]
    return '#include "check.h"\n' + "\n".join(lines) + "\nint main() {\n" + "".join(f"  run_{each}();\n" for each in identifiers) + \
        "  return docs::summary();\n}\n"
