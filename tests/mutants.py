"""Mutants of the library: are its tests able to notice a small mistake?

mutants.py COUNT SEED [PATH...]: draws COUNT small changes of headers in include/dgp (or of those
whose paths begin with PATH), one at a time: another comparison, another sign, another number, a
condition turned round, a statement left out. For each the tests nearest to the header are compiled,
without optimisation, and run one by one, until one fails, or takes ten times as long as without the
mutant: then the mutant is killed. What does not compile is no mutant. Prints each mutant that
survives, and how many were killed; at once what of the tests fails by itself, and so says nothing.
"""

import collections
import functools
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(ROOT, "build", "mutants")
TESTS = ("unit", "oracle", "property", "golden", "regression")
MOST_TESTS = 12  # sources for a mutant

SWAPS = {
    " < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " == ": " != ", " != ": " == ",
    " && ": " || ", " || ": " && ", " + ": " - ", " - ": " + ", " * ": " / ", " / ": " * ",
    " += ": " -= ", " -= ": " += ", "true": "false", "false": "true", "std::min": "std::max",
    "std::max": "std::min",
}
NOT_CODE = re.compile(r"^\s*(//|#|template|requires|concept|using|static_assert|namespace|struct|class"
                      r"|public:|private:)|static_cast<Bits|\bconcept\b")
STATEMENT = re.compile(r"^\s+[a-z_][\w.\->\[\]()*]*(\(.*\)| [-+|&^]?= .*);$")


def mutations_of(line):
    """(column, what stands there, what shall) of each change of this line."""
    if NOT_CODE.search(line):
        return
    code = re.sub(r'"(\\.|[^"\\])*"', lambda text: "\0" * len(text.group()), line)
    code = re.sub(r"//.*", "", code)
    for old, new in SWAPS.items():
        for found in re.finditer(re.escape(old) if not old[0].isalpha() else rf"\b{old}\b", code):
            yield found.start(), old, new
    for found in re.finditer(r"(?<![\w.:<])\d+(?![\w.])", code):
        yield found.start(), found.group(), str(int(found.group()) + 1)
    condition = re.search(r"\bif \((?!const|auto|!)(.*)\)( \{| return\b| continue;| break;)", code)
    if condition and ";" not in condition.group(1):
        yield condition.start(1), line[condition.start(1):condition.end(1)], \
            f"!({line[condition.start(1):condition.end(1)]})"
    if STATEMENT.match(code) and not re.match(r"\s+return\b", code):
        yield 0, line, ""


@functools.cache
def includes_of(path):
    """The files of the checkout that a file includes itself."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    direct = [os.path.join(ROOT, "include", name) for name in re.findall(r"#include <(dgp/.*?)>", text)]
    direct += [os.path.normpath(os.path.join(os.path.dirname(path), name))
               for name in re.findall(r'#include "(.*?)"', text)]
    return [name for name in direct if os.path.exists(name)]


def steps_to(source):
    """By header, over how many others this source includes it."""
    steps, waiting = {source: 0}, collections.deque([source])
    while waiting:
        at = waiting.popleft()
        for name in includes_of(at):
            if name not in steps:
                steps[name] = steps[at] + 1
                waiting.append(name)
    return steps


def nearest_tests(header, sources):
    """Its own first; of the engine then those that are made for it."""
    stem = os.path.splitext(os.path.basename(header))[0]
    is_engine = f"{os.sep}dgp{os.sep}detail{os.sep}" in header

    def key(source):
        place = os.path.relpath(source, os.path.join(ROOT, "tests"))
        own = os.path.splitext(os.path.basename(source))[0] == stem
        of_engine = place.startswith("oracle") or place == os.path.join("unit", "work.cpp")
        return not own, is_engine and not of_engine, sources[source][header], \
            os.path.getsize(source), source
    return sorted((s for s, steps in sources.items() if header in steps), key=key)[:MOST_TESTS]


def flags():
    def of(package):
        asked = subprocess.run(["pkg-config", "--cflags", "--libs", package], capture_output=True,
                               text=True, check=False)
        return asked.stdout.split() if asked.returncode == 0 else []
    version = re.search(r"VERSION ([\d.]+)\n", open(os.path.join(ROOT, "CMakeLists.txt")).read())[1]
    libraries = of("libzip")
    options = ["-std=c++20", "-O0", "-w", f"-I{WORK}/include", f"-I{ROOT}/tests", *of("eigen3"),
               f'-DDGP_TEST_DATA="{ROOT}/tests/data"', f'-DDGP_EXAMPLE_DATA="{ROOT}/examples/data"',
               f'-DDGP_VERSION="{version}"', "-fopenmp"]
    if libraries:
        options.append("-DDGP_WITH_NPZ")
    if os.path.exists("/usr/include/onnx/onnx_pb.h"):
        options += ["-DDGP_WITH_ONNX", "-DONNX_ML=1", "-DONNX_NAMESPACE=onnx"]
        libraries += ["-lonnx_proto", "-lprotobuf"]
    return options, libraries


class Compiler:
    def __init__(self):
        self.options, self.libraries = flags()
        self.main = os.path.join(WORK, "main.o")
        self.program = os.path.join(WORK, "test")
        subprocess.run(["g++", *self.options, "-c", f"{ROOT}/tests/support/main.cpp", "-o",
                        self.main], check=True)

    def build(self, source):
        return subprocess.run(["g++", *self.options, source, self.main, "-o", self.program,
                               *self.libraries], capture_output=True, check=False).returncode == 0

    def notices(self, seconds=600):
        try:
            return subprocess.run([self.program, "--abort"], capture_output=True, check=False,
                                  cwd=WORK, timeout=seconds).returncode != 0
        except subprocess.TimeoutExpired:
            return True

    def healthy_seconds(self, source):
        """How long a test takes without a mutant; None where it fails by itself."""
        built = self.build(source)
        start = time.monotonic()
        if built and not self.notices():
            return time.monotonic() - start
        print(f"{os.path.relpath(source, ROOT)} {'fails' if built else 'does not compile'} by itself",
              flush=True)
        return None


def main(count, seed, prefixes):
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(os.path.join(ROOT, "include"), os.path.join(WORK, "include"))
    sources = {path: steps_to(path) for folder in TESTS
               for path in sorted(glob.glob(os.path.join(ROOT, "tests", folder, "*.cpp")))}
    mutants = []
    for folder, _, names in sorted(os.walk(os.path.join(ROOT, "include", "dgp"))):
        for name in sorted(names):
            header = os.path.join(folder, name)
            place = os.path.relpath(header, os.path.join(ROOT, "include", "dgp"))
            if not name.endswith(".hpp") or not any(place.startswith(p) for p in prefixes or [""]):
                continue
            with open(header, encoding="utf-8") as file:
                for number, line in enumerate(file.read().split("\n")):
                    mutants += [(header, number, *change) for change in mutations_of(line)]
    random.Random(seed).shuffle(mutants)
    compiler = Compiler()
    killed, survivors, healthy = 0, [], {}
    for header, number, column, old, new in mutants:
        if killed + len(survivors) == count:
            break
        with open(header, encoding="utf-8") as file:
            lines = file.read().split("\n")
        before = lines[number]
        lines[number] = before[:column] + new + before[column + len(old):]
        place = os.path.relpath(header, ROOT)
        copy = os.path.join(WORK, place)
        start, by = time.monotonic(), None
        tests = nearest_tests(header, sources)
        compiles = False
        for source in tests:
            if source not in healthy:
                healthy[source] = compiler.healthy_seconds(source)
            if healthy[source] is None:
                continue
            with open(copy, "w", encoding="utf-8") as file:
                file.write("\n".join(lines))
            compiles = compiler.build(source)
            noticed = compiles and compiler.notices(10 + 10 * healthy[source])
            shutil.copyfile(header, copy)
            if not compiles:
                break
            if noticed:
                by = source
                break
        if not compiles:
            continue
        told = f"{place}:{number + 1}: {before.strip()}  ->  {lines[number].strip() or '(nothing)'}"
        if by is None:
            survivors.append(told)
        else:
            killed += 1
        verdict = "survived" if by is None else "killed by " + os.path.relpath(by, ROOT)
        print(f"{told}\n    {verdict}, {time.monotonic() - start:.0f} s", flush=True)
    print(f"\n{killed} of {killed + len(survivors)} mutants killed; survivors:")
    print("\n".join(survivors))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
