"""Runs `mutations.main`, with its arguments and its output, in a process of its own."""

import importlib
import sys
import types
from pathlib import Path

# Registered by hand, because other packages install a `tests` of their own.
package = types.ModuleType("tests")
package.__path__ = [str(Path(__file__).parent)]
sys.modules["tests"] = package
del sys.path[0]
importlib.import_module("tests.mutations").main(sys.argv[1], *map(int, sys.argv[2:]))
