# -*- coding: utf-8 -*-
"""Says what an interpreter is and whether it has what the worker needs. Runs under any Python, 2.7 too: keep its syntax old.

Prints one line of JSON: {"executable", "python", "torch"}, where `python` is a version and `torch` a version or null, and
`problem` with a text where the worker cannot run here. With `--devices` it also lists `devices` that torch has, which
touches them: ask in a process of its own.
"""
from __future__ import print_function

import json
import os
import sys

LEAST_PYTHON = (3, 9)
LEAST_TORCH = (1, 13)


def main(arguments):
    forget_start_folder()
    # On clusters a module that is loaded may have PyTorch on it.
    restore_python_path()
    found = {
        "executable": sys.executable,
        "python": "%d.%d.%d" % sys.version_info[:3],
        "torch": None,
        "prefix": sys.prefix,
    }
    if sys.version_info[:2] < LEAST_PYTHON:
        found["problem"] = "it is Python %s; %d.%d or later is needed" % ((found["python"],) + LEAST_PYTHON)
    else:
        found.update(torch_of("--devices" in arguments))
    print(json.dumps(found))
    return 1 if "problem" in found else 0


def forget_start_folder():
    """The folder where the command was started is no place to import from: a file random.py there is not Python's."""
    sys.path[:] = [entry for entry in sys.path if entry not in ("", os.getcwd())]


def restore_python_path():
    """The package's folder has been found; what is started from here on finds the user's own modules."""
    own = os.environ.pop("MOSAIC_PYTHONPATH", "")
    os.environ.pop("PYTHONPATH", None)
    if own != "":
        os.environ["PYTHONPATH"] = own
        # Where they would stand without the package: before what is installed.
        package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        places = [os.path.abspath(entry) for entry in sys.path]
        begin = places.index(package) + 1 if package in places else 0
        sys.path[begin:begin] = [os.path.abspath(entry) for entry in own.split(os.pathsep) if entry != ""]


def torch_of(with_devices):
    version = installed_version()
    if version is None and not with_devices:
        return {"problem": "it has no torch; install it with: %s -m pip install torch" % sys.executable}
    if version is None or with_devices:
        try:
            import torch
        except Exception as error:  # An installation may be broken in any way.
            return {"problem": "its torch cannot be imported: %s: %s" % (type(error).__name__, error)}
        version = str(torch.__version__)
    found = {"torch": version}
    numbers = tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in version.split("+")[0].split(".")[:2])
    if numbers < LEAST_TORCH:
        found["problem"] = "it has torch %s; %d.%d or later is needed: %s -m pip install --upgrade torch" % (
            (version,) + LEAST_TORCH + (sys.executable,)
        )
    if with_devices:
        found["devices"] = devices_of(torch)
    return found


def installed_version():
    """Without importing torch, which takes a second or more."""
    try:
        import importlib.metadata
        import importlib.util

        if importlib.util.find_spec("torch") is None:
            return None
        return importlib.metadata.version("torch")
    except Exception:
        return None


def devices_of(torch):
    devices = ["cpu"]
    if torch.cuda.is_available():
        devices += ["cuda:%d" % index for index in range(torch.cuda.device_count())]
    backend = getattr(torch.backends, "mps", None)
    if backend is not None and backend.is_available():
        devices.append("mps")
    return devices


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
