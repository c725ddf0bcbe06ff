"""The package dgp: its types, its installation, what the document of the programs shows."""

import ast
import doctest
import inspect
import os
import pathlib
import re
import subprocess
import sys
import sysconfig
import tempfile
import types
import unittest

import dgp

SOURCE = pathlib.Path(os.environ["DGP_SOURCE"])


def members(scope):
    """What is public in a module or class, an __init__ too where it takes anything."""
    names = {name for name in vars(scope) if not name.startswith("_")}
    inherited = isinstance(vars(scope).get("__init__"), types.WrapperDescriptorType)
    if inspect.isclass(scope) and not inherited:
        names.add("__init__")
    return names


def stub_members(body):
    """By their names, but imports and aliases that are no one's to use."""
    found = {}
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] = node
        elif isinstance(node, ast.AnnAssign):
            found[node.target.id] = node
    return {name: node for name, node in found.items()
            if not name.startswith("_") or name == "__init__"}


def signature_of(function):
    """Of a compiled function, from the first line of its help: names, and defaults as text."""
    line = function.__doc__.splitlines()[0]
    return arguments_of(ast.parse("def " + line + ": ...").body[0])


def arguments_of(node):
    arguments = node.args
    positional = [a.arg for a in arguments.posonlyargs + arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults
    named = list(zip(positional, defaults))
    only = list(zip([a.arg for a in arguments.kwonlyargs], arguments.kw_defaults))
    text = lambda pairs: [(name, ast.unparse(d) if d else None) for name, d in pairs
                          if name != "self"]
    return text(named), text(only)


class Stub(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(dgp.__file__).parent
        self.stub = ast.parse((folder / "__init__.pyi").read_text())
        self.assertTrue((folder / "py.typed").exists())

    def check(self, scope, body, where):
        listed = stub_members(body)
        public = members(scope)
        if not hasattr(dgp, "read_onnx"):
            listed.pop("read_onnx", None)
        self.assertEqual(set(listed), public, where)
        count = 0
        for name, node in listed.items():
            object_ = inspect.getattr_static(scope, name)
            place = f"{where}.{name}"
            if isinstance(node, ast.ClassDef):
                self.assertTrue(inspect.isclass(object_), place)
                count += self.check(object_, node.body, place)
            elif isinstance(node, ast.FunctionDef):
                is_property = isinstance(object_, property)
                marked = [d.id for d in node.decorator_list] == ["property"]
                self.assertEqual(is_property, marked, place)
                self.assertIsNotNone(node.returns, place)
                if not is_property:
                    function = getattr(scope, name)
                    self.assertEqual(arguments_of(node), signature_of(function), place)
                    count += 1
        return count

    def test_tells_all_names_and_signatures(self):
        self.assertGreater(self.check(dgp, self.stub.body, "dgp"), 30)

    def test_is_that_of_this_version(self):
        cmake = (SOURCE / "CMakeLists.txt").read_text()
        self.assertEqual(dgp.__version__, re.search(r"VERSION (\d+\.\d+\.\d+)", cmake)[1])


class Installation(unittest.TestCase):
    def install(self, *arguments, **environment):
        subprocess.run([os.environ["DGP_CMAKE"], "--install", os.environ["DGP_BUILD"], *arguments],
                       check=True, capture_output=True, env={**os.environ, **environment})

    def check(self, site_packages):
        files = {file.name.partition(".")[2] for file in (site_packages / "dgp").iterdir()}
        suffix = sysconfig.get_config_var("EXT_SUFFIX").lstrip(".")
        self.assertEqual(files, {suffix, "pyi", "typed"})
        code = ("import dgp, sys; print(dgp.__file__); "
                "print(dgp.neural_persistence(dgp.read_layers(sys.argv[1])).mean_normalized)")
        model = SOURCE / "examples/data/digits_64-32-16-10.safetensors"
        ran = subprocess.run([sys.executable, "-c", code, str(model)], check=True, text=True,
                             capture_output=True, cwd="/",
                             env={**os.environ, "PYTHONPATH": str(site_packages)})
        file, figure = ran.stdout.split()
        self.assertEqual(pathlib.Path(file).parent, site_packages / "dgp")
        self.assertAlmostEqual(float(figure), 0.5144109958796313, places=6)

    def test_below_a_prefix(self):
        with tempfile.TemporaryDirectory() as prefix:
            self.install("--component", "python", "--prefix", prefix)
            version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
            self.check(pathlib.Path(prefix) / "lib" / version / "site-packages")
            self.assertEqual(os.listdir(prefix), ["lib"])

    def test_where_this_python_looks(self):
        with tempfile.TemporaryDirectory() as root:
            self.install("--component", "python", DESTDIR=root)
            site_packages = sysconfig.get_path("platlib")
            self.assertIn(site_packages, sys.path)
            self.check(pathlib.Path(root + site_packages))

    def test_is_none_with_that_of_the_library(self):
        with tempfile.TemporaryDirectory() as prefix:
            self.install("--prefix", prefix)
            files = [file for _, _, names in os.walk(prefix) for file in names]
            self.assertIn("deep_graph_persistence.hpp", files)
            self.assertNotIn("__init__.pyi", files)


class Document(unittest.TestCase):
    def test_shows_what_is_printed(self):
        text = (SOURCE / "examples/README.md").read_text().partition("## From Python")[2]
        # A fence would be taken for something printed.
        session = re.sub(r"^```.*$", "", text, flags=re.MULTILINE)
        example = doctest.DocTestParser().get_doctest(session, {}, "README.md", None, 0)
        self.assertGreater(len(example.examples), 3)
        report = []
        folder = os.getcwd()
        os.chdir(SOURCE)
        try:
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
            failed, _ = runner.run(example, out=report.append)
        finally:
            os.chdir(folder)
        self.assertEqual(failed, 0, "".join(report))


if __name__ == "__main__":
    unittest.main()
