import { existsSync } from "node:fs";
import { join } from "node:path";

/** The Python to compare with: HISTOQL_PYTHON, else the virtual environment that docs/performance.md makes; undefined where there is none. */
export const findPython = (): string | undefined =>
  [process.env.HISTOQL_PYTHON ?? "", join(import.meta.dirname, "../.venv/bin/python")].find(
    (path) => path !== "" && existsSync(path),
  );
