/** The Python of tests: Debian's, which has PyTorch where python3-torch is installed. */
import { existsSync } from "node:fs";
import { join } from "node:path";

export const python = "/usr/bin/python3";

/** Where there is no PyTorch, tests of Python classes are left out, which is said; not where nothing may be missing. */
export const hasPython =
  process.env.REQUIRE_ALL === "1" ||
  ["/usr/lib/python3/dist-packages", "/usr/local/lib/python3/dist-packages"].some((folder) =>
    existsSync(join(folder, "torch")),
  );

if (!hasPython)
  process.stderr.write(`${python} has no PyTorch (Debian's python3-torch): Python classes are not tested\n`);
