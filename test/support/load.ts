// Loads configuration text in a test: the configuration, its warnings, or every error as one line each.
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { ConfigError, oneLine, type Problem } from "../../src/config/text/problem.ts";

/** What became of a configuration text. */
export interface Outcome {
  /** null when it was refused. */
  readonly config: Config | null;
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

/** Name that messages give the text. */
export const FILE = "t.yaml";

/** Loads `text` as {@link FILE}. Whatever is not a `ConfigError` is thrown on. */
export function load(text: string, env: Readonly<Record<string, string>> = {}, file: string = FILE): Outcome {
  return outcome(() => loadConfig({ file, text, env }));
}

/** Loads a file. */
export function loadFile(file: string, env: Readonly<Record<string, string>> = {}): Outcome {
  return outcome(() => loadConfig({ file, env }));
}

/** Loads text that must be fine. */
export function loadFine(text: string, env: Readonly<Record<string, string>> = {}): Config {
  const { config, errors } = load(text, env);
  if (config === null) throw new Error(`refused:\n${errors.join("\n")}`);
  return config;
}

function outcome(run: () => ReturnType<typeof loadConfig>): Outcome {
  try {
    const { config, warnings } = run();
    return { config, warnings: warnings.map(oneLine), errors: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = (severity: Problem["severity"]) =>
      error.problems.filter((p) => p.severity === severity).map((p) => oneLine(p));
    return { config: null, warnings: lines("warning"), errors: lines("error") };
  }
}

/** A whole configuration: one rule `/*` to one instance, and `more` at the indentation of sections. */
export function withMore(more: string): string {
  return `gateway:
  router: { rules: [ { path: /*, serviceName: web } ] }
  registry: { static: { services: [ { name: web, instances: [ { address: 127.0.0.1 } ] } ] } }
${more}`;
}

/** A whole configuration with these rules (flow mappings) to the service `web`. */
export function withRules(...rules: readonly string[]): string {
  return `gateway:
  router:
    rules:
${rules.map((rule) => `      - ${rule}\n`).join("")}  registry: { static: { services: [ { name: web, instances: [ { address: 127.0.0.1 } ] } ] } }
`;
}
