// The tests in a configuration, and which rules cause a failure.
import type { Config, RuleConfig } from "../../config/config.ts";
import type { Position } from "../../config/text/problem.ts";
import { didYouMean } from "../../config/text/suggest.ts";
import { builtinPaths } from "../builtin/paths.ts";
import { type DryRequest, dryRun, indexRules } from "./dry-run.ts";

/** A test that failed: which one, and a sentence about it. */
interface TestFailure {
  readonly index: number;
  readonly message: string;
  /** A rule of each fragment with which it fails; empty: it fails with the files alone. */
  readonly blamed: readonly Position[];
}

type Test = Config["tests"][number];

/** Runs the tests. */
export function runTests(config: Config): TestFailure[] {
  const index = indexRules(config.rules);
  return config.tests.flatMap((test, i) => {
    const request = requestOf(test, config);
    const name = test.name || `tests[${i}] (${test.request})`;
    const failure = (why: string, blamed: readonly Position[] = []) => [
      { index: i, message: `${name}: ${why}`, blamed },
    ];
    if (request === null) return failure('request is not "METHOD /path"');
    const listeners = config.listeners.map(({ name }) => name);
    if (!listeners.includes(request.listener)) {
      return failure(`unknown listener "${request.listener}"${didYouMean(request.listener, listeners)}`);
    }
    const why = whyFailed(test, request, index, config);
    return why === null ? [] : failure(why, blamedFor(test, request, config));
  });
}

function requestOf({ request, headers, listener }: Test, { listeners }: Config): DryRequest | null {
  const [method, url] = request.trim().split(/\s+/);
  if (method === undefined || url === undefined) return null;
  const fields = Object.entries(headers).flatMap(([k, v]) => [k, String(v)]);
  return { listener: listener || listeners[0]!.name, method: method.toUpperCase(), url, fields };
}

/** A sentence about why it fails with these rules; null when it does not. */
function whyFailed(
  { expect: { route, status } }: Test,
  request: DryRequest,
  index: ReturnType<typeof indexRules>,
  config: Config,
): string | null {
  const result = dryRun(index, request, builtinPaths(config));
  const got =
    result.rule !== null
      ? `route "${result.rule.id}"`
      : `status ${result.status}${result.builtin ? " (built in)" : ""}`;
  if (route === null && status === null) return "expect names neither route nor status";
  if (route !== null && result.rule?.id !== route) {
    const ids = config.rules.map((rule) => rule.id);
    const hint = ids.includes(route) ? "" : didYouMean(route, ids);
    return `expected route "${route}", got ${got}${hint}`;
  }
  if (status !== null && result.status !== status) {
    const hint = result.rule === null ? "" : "; only where the gateway itself answers is a status known";
    return `expected status ${status}, got ${got}${hint}`;
  }
  return null;
}

/** Fragments with which a test of the files fails, each alone beside the files. */
function blamedFor(test: Test, request: DryRequest, config: Config): Position[] {
  if (config.rules.every(({ at }) => at.fragment === undefined)) return [];
  const ofFiles: RuleConfig[] = [];
  const byFragment = new Map<string, RuleConfig[]>();
  for (const rule of config.rules) {
    const { rule: taker, allow } = dryRun(indexRules([rule]), request);
    if (taker === null && allow.length === 0) continue; // it has no say in this
    const { fragment } = rule.at;
    if (fragment === undefined) ofFiles.push(rule);
    else byFragment.set(fragment, [...(byFragment.get(fragment) ?? []), rule]);
  }
  return [...byFragment.values()].flatMap((rules) => {
    const why = whyFailed(test, request, indexRules([...ofFiles, ...rules]), config);
    return why === null ? [] : [rules[0]!.at];
  });
}
