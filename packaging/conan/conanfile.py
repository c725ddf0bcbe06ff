"""dgp as a Conan 2 package, of the checkout that this file lies in:
  conan create packaging/conan --build=missing -o "dgp/*:npz=True"
"""
import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, rmdir


class DgpConan(ConanFile):
    name = "dgp"
    version = "0.1.0"
    description = "Neural persistence and deep graph persistence of neural networks"
    license = "MIT"
    package_type = "header-library"
    settings = "os", "compiler", "build_type", "arch"
    # io: the file readers; npz: those of .npz and .pt; onnx: that of ONNX models.
    options = {"io": [True, False], "npz": [True, False], "onnx": [True, False]}
    default_options = {"io": True, "npz": False, "onnx": False}

    def export_sources(self):
        checkout = os.path.join(self.recipe_folder, "..", "..")
        for pattern in ("CMakeLists.txt", "LICENSE", "README.md", "cmake/*", "include/*"):
            copy(self, pattern, checkout, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("eigen/[>=3.4 <6]", transitive_headers=True)
        if self.options.io:
            self.requires("nlohmann_json/[>=3.10 <4]", transitive_headers=True)
        if self.options.npz:
            self.requires("libzip/[>=1.7 <2]", transitive_headers=True, transitive_libs=True)
        if self.options.onnx:
            self.requires("onnx/[>=1.12 <2]", transitive_headers=True, transitive_libs=True)

    def package_id(self):
        self.info.clear()  # the same headers whatever the options

    def validate(self):
        check_min_cppstd(self, 20)
        if (self.options.npz or self.options.onnx) and not self.options.io:
            raise ConanInvalidConfiguration("dgp's options npz and onnx need its option io")

    def build_requirements(self):
        self.tool_requires("cmake/[>=3.25 <5]")

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "EXAMPLES", "BENCHMARKS"):
            toolchain.cache_variables[f"DGP_BUILD_{part}"] = False
        # The readers' headers are installed anyway; their targets are those of package_info().
        toolchain.cache_variables["DGP_IO"] = False
        toolchain.generate()
        CMakeDeps(self).generate()

    def package(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.install()
        rmdir(self, os.path.join(self.package_folder, "share"))
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "dgp")

        def component(name, *requires, defines=()):
            part = self.cpp_info.components[name]
            part.set_property("cmake_target_name", f"dgp::{name}")
            part.set_property("pkg_config_name", "dgp" if name == "dgp" else f"dgp-{name}")
            part.requires = list(requires)
            part.defines = list(defines)
            part.bindirs = []
            part.libdirs = []

        component("dgp", "eigen::eigen")
        if self.options.io:
            component("io", "dgp", "nlohmann_json::nlohmann_json")
        if self.options.npz:
            component("npz", "dgp", "libzip::libzip", defines=["DGP_WITH_NPZ"])
        if self.options.onnx:
            component("onnx", "dgp", "onnx::onnx", defines=["DGP_WITH_ONNX"])
