// Loads a configuration and runs its `tests`, for `check` and before a reload. Nothing is compiled.
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { type Candidate, type Loaded, type LoadOptions, loadConfig } from "../../config/load.ts";
import { placeOfKey } from "../../config/meaning/draft.ts";
import { triedAt, writeFault } from "../../config/meaning/files.ts";
import { boundAddresses } from "../../config/meaning/ports.ts";
import type { Problem } from "../../config/text/problem.ts";
import type { SourceFiles } from "../../config/text/source-files.ts";
import { isStandard } from "../../observe/line-sink.ts";
import { runTests } from "./own-tests.ts";

/**
 * Loads a configuration and runs the tests it carries.
 * @param files told of every file that was read or missed, also when the configuration is refused
 * @throws ConfigError
 */
export function loadChecked(options: LoadOptions, files?: SourceFiles): Loaded {
  const loaded = loadConfig(options, files, (candidate) => [...outputProblems(candidate), ...testProblems(candidate)]);
  return { ...loaded, warnings: [...loaded.warnings, ...strangeAddresses(loaded)] };
}

/** Addresses that no interface has. Warned about only: a system may be told to bind them all the same. */
function strangeAddresses(loaded: Loaded): Problem[] {
  const ours = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const seen = new Set<string>();
  return boundAddresses(loaded.config.listeners, loaded.config).flatMap(({ section, host }) => {
    if (seen.has(host)) return []; // others take it over from frontend.http
    seen.add(host);
    const plain = host.replace(/%.*$/, "");
    const anywhere = isIP(plain) === 0 || /^(0\.0\.0\.0|::|::1|127\..*)$/.test(plain);
    if (anywhere || ours.some(({ address }) => address === plain)) return [];
    const at = loaded.placeOf(placeOfKey(`${section}.host`));
    const message = `${section}.host: no interface of this machine has the address ${host}`;
    return [{ severity: "warning" as const, at, message }];
  });
}

/** Outputs that other programs have and the gateway has not. As a name of a file, each is refused. */
const FOREIGN_OUTPUT = /^(-|std(out|err)|console|journald?|syslog\b.*|none|off|file|\w+:\/\/.*)$/i;

/** Failures caused by a fragment are reported at its position, and therefore drop it. */
function testProblems(candidate: Candidate): Problem[] {
  return runTests(candidate.config).flatMap(({ index, message, blamed }) => {
    const places = blamed.length > 0 ? blamed : [candidate.placeOf(["tests", index])];
    return places.map((at) => ({ severity: "error" as const, at, message: `test failed: ${message}` }));
  });
}

/**
 * Log files that cannot be written. Looked for here and not where every configuration is loaded: commands that only read
 * one may run as a user who must not write to them.
 */
function outputProblems(candidate: Candidate): Problem[] {
  const { enabled, output, applicationOutput } = candidate.config.logging;
  const used = { ...(enabled && { output }), ...(applicationOutput !== "" && { applicationOutput }) };
  return Object.entries(used).flatMap(([key, name]) => {
    if (isStandard(name)) return [];
    const fault = FOREIGN_OUTPUT.test(name) ? "it is not a file; write stdout or stderr" : writeFault(name);
    if (fault === null) return [];
    const message = `telemetry.logging.${key}: cannot write "${name}"${triedAt(name)}: ${fault}`;
    return [{ severity: "error" as const, at: candidate.placeOf(["telemetry", "logging", key]), message }];
  });
}
