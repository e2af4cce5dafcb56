"""Great Expectations, the only judge: suites, own expectation types, results into findings."""

import sys
from importlib.util import LazyLoader, find_spec, module_from_spec


def _put_off(package: str, name: str) -> None:
    """Have a part of a package loaded when somebody first uses it (the recipe of importlib's documentation)."""
    whole = f"{package}.{name}"
    spec = None if whole in sys.modules else find_spec(whole)
    if spec and spec.loader:
        spec.loader = LazyLoader(spec.loader)
        sys.modules[whole] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[whole])
        setattr(sys.modules[package], name, sys.modules[whole])


# GX imports it for one expectation that no suite of ours has: a second, and 50 MB, of every process that judges.
_put_off("scipy", "stats")
