// Finds faults in descriptors and mappings, with the place of each in the files. Used by `check` as well, which compiles
// nothing.
import type { Config, RuleConfig } from "../../config/config.ts";
import type { Problem } from "../../config/text/problem.ts";
import { createPool, type DescriptorPool } from "../../translators/grpc-json/descriptors/pool.ts";
import { compileMethods, type Fault } from "../../translators/grpc-json/mapping/method-table.ts";
import { fileSets, readSets } from "./descriptor-sets.ts";

/** All errors in the descriptors of one rule that are in files, and in its bindings. */
export function transcodingProblems(config: Config, rule: RuleConfig): Problem[] {
  const problems: Problem[] = [];
  const sets = readSets(config, rule, fileSets(config, rule), (problem) => problems.push(problem));
  const fetched = config.protocols.grpc.descriptorSources.some(({ urls }) => urls.length > 0);
  if (sets.length === 0 || fetched) return problems; // bindings can be checked only once the descriptors have been fetched
  let pool: DescriptorPool;
  try {
    pool = createPool(sets);
  } catch (error) {
    return [...problems, poolProblem(config, rule, error as Error)];
  }
  const { faults, warnings } = compileMethods(rule.transcoding!, pool);
  const warned = warnings.map(
    (text) => ({ severity: "warning", at: rule.at, message: `rule "${rule.id}": ${text}` }) as const,
  );
  return [...problems, ...faultProblems(config, rule, faults), ...warned];
}

/** The problem of sets that are valid alone and contradict each other. */
export function poolProblem({ backend }: Config, rule: RuleConfig, error: Error): Problem {
  const severity = backend.grpc.descriptors.failOnError ? "error" : "warning";
  return { severity, at: rule.at, message: `rule "${rule.id}": ${error.message}` };
}

/** Bindings that cannot be made: of a mapping at its key, of an http rule at the rule that offers it. */
export function faultProblems({ origins }: Config, rule: RuleConfig, faults: readonly Fault[]): Problem[] {
  return faults.map(({ key, message }) => {
    const origin = key === null ? undefined : origins.get(`${rule.key}.${key}`);
    const at = origin?.kind === "file" ? origin.at : rule.at;
    return { severity: "error", at, message: `rule "${rule.id}": ${message}` };
  });
}
