"""Runs the documentation's tests on broken.md: each line with MISTAKE, and no other, has to be reported."""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = "broken.md"

arguments = [word.replace("/examples", "/selftest") if sys.argv[at - 1] == "--out" else word for at, word in enumerate(sys.argv)][1:]
found = set()
for what in ("cpp", "console", "tables"):
    done = subprocess.run([sys.executable, HERE / "docs_test.py", what, "--root", HERE, *arguments, DOCUMENT], capture_output=True, text=True)
    if done.returncode == 0:
        sys.exit(f"{what} found nothing:\n{done.stdout}{done.stderr}")
    found |= {int(line) for line in re.findall(rf"^ ?{DOCUMENT}:(\d+): ", done.stdout, re.M)}
planted = {at for at, line in enumerate((HERE / DOCUMENT).read_text().split("\n"), 1) if "MISTAKE" in line}
if found != planted or len(planted) < 10:
    sys.exit(f"missed: lines {sorted(planted - found)}; wrongly reported: lines {sorted(found - planted)}")
print(f"{len(planted)} mistakes found")
