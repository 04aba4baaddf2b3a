"""Installs the build into a prefix, moves it, and uses it as a stranger would. Ends with status 1 and a list of what is wrong."""
import argparse
import filecmp
import os
import pathlib
import re
import shutil
import subprocess
import sys

parser = argparse.ArgumentParser()
for name in ("cmake", "build", "compiler", "source", "include", "version"):
    parser.add_argument("--" + name, required=True)
parser.add_argument("--flags", default="")
options = parser.parse_args()
failures = []
os.environ["EINX_CACHE_DIR"] = ""  # what the user keeps is left alone


def run(*command, status=0, **more):
    """The output of a command; a status other than the expected one is a failure that shows everything."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode != status:
        failures.append(f"{' '.join(map(str, command))}\n  status {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def expect(condition, what):
    if not condition:
        failures.append(what)


def install(folder):
    """Into one prefix, then moved to another: nothing may remember the first."""
    first, prefix = folder / "first", folder / "moved here"
    run(options.cmake, "--install", options.build, "--prefix", first)
    first.rename(prefix)
    return prefix


def library_folder(prefix):
    return next(prefix.glob("**/libeinx.so")).parent


def check_tree(prefix):
    headers = pathlib.Path(options.include)
    for header in headers.glob("**/*.h"):
        installed = prefix / "include" / header.relative_to(headers)
        expect(installed.exists() and filecmp.cmp(header, installed, shallow=False), f"{header.name} is not installed")
    libraries = sorted(path.name for path in library_folder(prefix).glob("libeinx.so*"))
    major = options.version.split(".")[0]
    expect(libraries == ["libeinx.so", f"libeinx.so.{major}", f"libeinx.so.{options.version}"], f"libraries: {libraries}")
    for text in prefix.glob("**/*"):
        if text.suffix in (".cmake", ".pc"):
            content = text.read_text()
            for word in (str(pathlib.Path(options.build)), str(prefix.parent), "LLVM", "spdlog", "OpenMP"):
                expect(word not in content, f"{text.name} names {word}")


def check_symbols(prefix):
    """Only einx:: and einx_ names; no namespace of src/ (einx::detail::<layer>::) among them, which detail's functions are not."""
    library = library_folder(prefix) / "libeinx.so"
    listing = run("nm", "-D", "--defined-only", library).stdout
    names = run("c++filt", input="\n".join(line.split()[-1] for line in listing.splitlines())).stdout.splitlines()
    expect(len(names) > 50, f"only {len(names)} symbols")
    allowed = re.compile(r"((typeinfo|typeinfo name|vtable|guard variable|construction vtable) for )?einx::|einx_(?!rt_)")
    layers = "support|tensor|notation|ops|graph|reference|trace|passes|loops|codegen|cache|api|Storage|Tracing"
    for name in names:
        expect(allowed.match(name), f"libeinx.so shows {name}")
        expect(not re.search(rf"einx::detail::({layers})::", name.split("(")[0]), f"libeinx.so shows the inside: {name}")
        expect("spdlog" not in name and "llvm::" not in name and "fmt::" not in name, f"libeinx.so shows {name}")
    needed = re.findall(r"\(NEEDED\).*\[(.*?)\]", run("readelf", "-d", library).stdout)
    expect(not [name for name in needed if "spdlog" in name or "fmt" in name], f"libeinx.so needs {needed}")
    expect("[libeinx.so.0]" in run("readelf", "-d", library).stdout, "SONAME is not libeinx.so.0")


def check_command(prefix):
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    command = prefix / "bin" / "einx"
    done = run(command, "explain", "sum", "a [b]", "f32[4, 3]", env=environment, cwd="/")
    expect('sum(i0, "a [b] -> a"' in done.stdout, f"einx explain: {done.stdout}")


def check_output(what, done, own_logger):
    expect("sum = f32[2] [3, 12]" in done.stdout and "SyntaxError unclosed-open" in done.stdout, f"{what}: {done.stdout}")
    lines = done.stderr.splitlines()
    expect(sum("[einx] [warning]" in line for line in lines) == 1, f"{what}: einx did not warn once:\n{done.stderr}")
    mine = [line for line in lines if line.startswith("consumer says")]
    expect(mine == (["consumer says 1 before", "consumer says 2 after"] if own_logger else []), f"{what}: {lines}")


def run_programs(what, folder):
    check_output(f"{what} main", run(folder / "consumer_main"), True)
    check_output(f"{what} alien", run(folder / "consumer_alien"), False)


def check_cmake(prefix, folder):
    for pie in ("ON", "OFF"):
        build = folder / f"cmake_pie_{pie}"
        run(options.cmake, "-S", options.source, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCONSUMER_PIE={pie}",
            f"-DCMAKE_CXX_COMPILER={options.compiler}", f"-DCMAKE_CXX_FLAGS={options.flags}")
        run(options.cmake, "--build", build, "-j2")
        kind = run("readelf", "-h", build / "consumer_main").stdout
        expect(("DYN" in kind) == (pie == "ON"), f"CONSUMER_PIE={pie} made {re.findall('Type: .*', kind)}")
        run_programs(f"CMake, PIE {pie}", build)


def check_versions(prefix, folder):
    """find_package refuses a version that the installed one is not compatible with."""
    for version, accepted in ((options.version, True), ("0.0.9", False), ("9.0", False)):
        source = folder / f"find_{version}"
        source.mkdir()
        (source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(find LANGUAGES NONE)\n"
            f"find_package(einx {version} CONFIG QUIET)\nmessage(STATUS \"found=${{einx_FOUND}}\")\n")
        out = run(options.cmake, "-S", source, "-B", source / "b", f"-DCMAKE_PREFIX_PATH={prefix}").stdout
        expect(("found=1" in out) == accepted, f"find_package(einx {version}): {out}")


def check_pkg_config(prefix, folder):
    pc = library_folder(prefix) / "pkgconfig"
    environment = dict(os.environ, PKG_CONFIG_PATH=str(pc))
    if shutil.which("pkg-config"):
        flags = run("pkg-config", "--cflags", "--libs", "einx", env=environment).stdout
        expect(run("pkg-config", "--modversion", "einx", env=environment).stdout.strip() == options.version, "pkg-config's version")
        # pkg-config escapes the space of the prefix for a shell.
        words = subprocess.run(["sh", "-c", f"printf '%s\\n' {flags}"], capture_output=True, text=True).stdout.split("\n")
    else:
        words = expand_pc(pc / "einx.pc")
    for pie in ([], ["-no-pie", "-fno-pie"]):
        out = folder / ("plain" + "".join(pie))
        out.mkdir()
        for program in ("main", "alien"):
            source = pathlib.Path(options.source) / f"{program}.cpp"
            run(options.compiler, "-std=c++20", "-rdynamic", *pie, *options.flags.split(), source, *[word for word in words if word],
                f"-Wl,-rpath,{library_folder(prefix)}", "-o", out / f"consumer_{program}")
        run_programs(f"pkg-config {pie}", out)


def expand_pc(path):
    """What pkg-config would say, for machines without it."""
    values = {"pcfiledir": str(path.parent)}
    expand = lambda text: re.sub(r"\$\{(\w+)\}", lambda m: values[m[1]], text)
    lines = [line for line in path.read_text().splitlines() if line]
    for line in lines:
        if match := re.match(r"(\w+)=(.*)", line):
            values[match[1]] = expand(match[2])
    return [expand(word) for line in lines if line.startswith(("Libs:", "Cflags:")) for word in line.split()[1:]]


folder = pathlib.Path(options.build) / "install_test"
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir()
prefix = install(folder)
if not failures:
    check_tree(prefix)
    check_symbols(prefix)
    check_command(prefix)
    check_versions(prefix, folder)
    check_cmake(prefix, folder)
    check_pkg_config(prefix, folder)
for failure in failures:
    print("FAILED:", failure)
print(f"{len(failures)} failures")
sys.exit(1 if failures else 0)
