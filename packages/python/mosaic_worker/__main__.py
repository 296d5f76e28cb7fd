"""`python -m mosaic_worker`: a worker process. Descriptor 3 has its frames, 4 its pulse, 5 the run that it has begun."""
import json
import os
import sys
from pathlib import Path

from .probe import forget_start_folder, restore_python_path

#: What has to hold from the start of an interpreter on; Mosaic starts it with them. Bits do not depend on the hashes of texts,
#: what is printed comes at once, the package's folder stays as it was installed, and no plot looks for a screen.
ENVIRONMENT = Path(__file__).with_name("environment.json")


def main() -> int:
    wanted = json.loads(ENVIRONMENT.read_text("utf-8"))
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.execve(sys.executable, [sys.executable, "-m", "mosaic_worker"], {**os.environ, **wanted})
    forget_start_folder()
    restore_python_path()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    from .parent import Parent

    return Parent().work()


if __name__ == "__main__":
    sys.exit(main())
