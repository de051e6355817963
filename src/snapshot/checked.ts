// A configuration that has passed its own tests, which is all that `check` needs: nothing of it is compiled.
import { type Loaded, type LoadOptions, loadConfig } from "../config/load.ts";
import { ConfigError } from "../config/problem.ts";
import type { SourceFiles } from "../config/source-files.ts";
import { runTests } from "./dry-run.ts";

/**
 * Loads a configuration and runs the tests it carries.
 * @param files told of every file that was read or missed, also when the configuration is refused
 * @throws ConfigError
 */
export function loadChecked(options: LoadOptions, files?: SourceFiles): Loaded {
  const loaded = loadConfig(options, files);
  const failures = runTests(loaded.config);
  if (failures.length === 0) return loaded;
  const problems = failures.map(({ index, message }) => {
    const at = loaded.placeOf(["tests", index]);
    return { severity: "error" as const, at, message: `test failed: ${message}` };
  });
  throw new ConfigError(problems, loaded.sources);
}
