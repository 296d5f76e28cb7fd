"""`python -m mosaic_worker`: a worker process. Descriptor 3 has its frames, 4 its pulse, 5 the run that it has begun."""
import os
import sys

from .probe import forget_start_folder, restore_python_path

#: They hold from the start of an interpreter on: bits do not depend on the hashes of texts, and what is printed comes at once.
ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg"}


def main() -> int:
    wanted = {**ENVIRONMENT, "MPLBACKEND": os.environ.get("MPLBACKEND") or "Agg"}
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.execve(sys.executable, [sys.executable, "-m", "mosaic_worker"], {**os.environ, **wanted})
    forget_start_folder()
    restore_python_path()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    from .parent import Parent

    return Parent().work()


if __name__ == "__main__":
    sys.exit(main())
