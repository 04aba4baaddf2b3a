"""What the documentation's tests read of a Markdown file: code blocks, tables and hidden comments, with their lines."""
import dataclasses
import re


@dataclasses.dataclass
class Block:
    path: str
    line: int  # of the first line of the code
    language: str
    code: list
    setup: list  # (line, text) of the code hidden in comments before it, for its language


@dataclasses.dataclass
class Row:
    path: str
    line: int
    heading: str  # the nearest one above
    cells: dict  # by column title, in lower case
    setup: list  # as a block's


def cells(line):
    """The cells of a table's line; `\\|` is a bar within a cell."""
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [part.replace("\\|", "|").strip() for part in parts]


def read(path, name):
    """(blocks, rows) of the file; `name` is how messages call it."""
    lines = open(path, encoding="utf-8").read().split("\n")
    blocks, rows, setup = [], [], []
    heading, titles, at = "", None, 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("```"):
            end = next(k for k in range(at + 1, len(lines)) if lines[k].startswith("```"))
            blocks.append(Block(name, at + 2, line[3:].strip(), lines[at + 1:end], list(setup)))
            at = end
        elif line.startswith("<!-- setup"):
            end = next(k for k in range(at, len(lines)) if lines[k].endswith("-->"))
            setup = [(k + 1, lines[k]) for k in range(at + 1, end)]
            at = end
        elif line.startswith("#"):
            heading = line.strip("# ")
        elif line.startswith("|") and titles is None:
            titles = [cell.lower() for cell in cells(line)]
            if not re.fullmatch(r"[|\s:-]+", lines[at + 1]):
                raise SystemExit(f"{name}:{at + 1}: a table without a line of titles")
        elif line.startswith("|") and not re.fullmatch(r"[|\s:-]+", line):
            rows.append(Row(name, at + 1, heading, dict(zip(titles, cells(line))), list(setup)))
        if not line.startswith("|"):
            titles = None
        at += 1
    return blocks, rows


def code(cell):
    """The text between a cell's backticks, or None."""
    found = re.fullmatch(r"(`+) ?(.*?) ?\1", cell)
    return found[2] if found else None
