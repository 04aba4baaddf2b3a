#!/usr/bin/env python3
"""Draws the rows of a bench JSON file as SVG: distance from the floor by row, ours beside each peer (logarithmic).

usage: plot.py RESULTS.json PLOT.svg [--threads N]
"""
import argparse, json, math
from html import escape

WIDTH, LEFT, RIGHT, STEP, TOP = 980, 150, 200, 22, 60
COLOURS = ["#d95f02", "#7570b3", "#e7298a", "#66a61e", "#e6ab02", "#a6761d", "#666666", "#1f78b4"]
OURS = "#1b9e77"


def distances(row):
    """Name -> how many times the floor's time; for shares of the peak too."""
    found = {"einx": row["ours"] / row["floor"]}
    found.update({name: time / row["floor"] for name, time in row["peers"].items()})
    return found


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("results")
    ap.add_argument("plot")
    ap.add_argument("--threads", type=int, default=1)
    a = ap.parse_args()
    data = json.load(open(a.results))
    rows = [r for r in data["rows"] if r["threads"] == a.threads]
    names = sorted({name for r in rows for name in r["peers"]})
    colour = {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(names)}
    largest = max([2.0] + [d for r in rows for d in distances(r).values()])
    x = lambda d: LEFT + (WIDTH - LEFT - RIGHT) * math.log(max(d, 0.5) / 0.5) / math.log(largest / 0.5)
    height = TOP + STEP * len(rows) + 40
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
           f'<text x="10" y="20" font-size="15">Time over the floor, {a.threads} thread{"s" if a.threads > 1 else ""}: '
           f'{escape(data["machine"]["cpu"])}, {escape(data["machine"]["level"])}</text>']
    tick = 0.5
    while tick <= largest * 1.01:
        out.append(f'<line x1="{x(tick):.1f}" y1="{TOP - 8}" x2="{x(tick):.1f}" y2="{height - 30}" stroke="{"#888" if tick == 1 else "#ddd"}"/>'
                   f'<text x="{x(tick):.1f}" y="{TOP - 14}" text-anchor="middle" fill="#555">{tick:g}</text>')
        tick *= 2
    for k, row in enumerate(rows):
        y = TOP + STEP * k + STEP / 2
        out.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{escape(row["row"])}</text>')
        for name, d in distances(row).items():
            ours = name == "einx"
            out.append(f'<circle cx="{x(d):.1f}" cy="{y}" r="{6 if ours else 4}" fill="{OURS if ours else colour[name]}" fill-opacity="0.85">'
                       f'<title>{escape(row["row"])}: {escape(name)} {d:.2f}</title></circle>')
    for k, name in enumerate(["einx"] + names):
        y = TOP + 18 * k
        out.append(f'<circle cx="{WIDTH - RIGHT + 30}" cy="{y}" r="5" fill="{OURS if name == "einx" else colour[name]}"/>'
                   f'<text x="{WIDTH - RIGHT + 42}" y="{y + 4}">{escape(name)}</text>')
    open(a.plot, "w").write("\n".join(out + ["</svg>", ""]))


if __name__ == "__main__":
    main()
