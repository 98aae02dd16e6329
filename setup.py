"""Finds the packages of the wheel; all other facts stand in pyproject.toml.

The repository root is the package `veraretouch`. pyproject.toml can find packages below a folder,
but not name them by it.
"""

import warnings

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOMS = ("core", "ops", "planners", "schemas", "zoo")


class BuildPackages(build_py):
    """Leaves this file out of the wheel: it lies in the folder of the package `veraretouch`."""

    def find_package_modules(self, package, package_dir):
        modules = super().find_package_modules(package, package_dir)
        return [module for module in modules if module[:2] != ("veraretouch", "setup")]


# It says that a folder of the package's name in the root would be imported first; there is none.
warnings.filterwarnings("ignore", message="Editable installation")

found = find_packages(".", include=[*ROOMS, *(f"{room}.*" for room in ROOMS)])
setup(packages=["veraretouch", *(f"veraretouch.{package}" for package in found)], cmdclass={"build_py": BuildPackages})
