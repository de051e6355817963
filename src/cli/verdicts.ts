// What `gateway explain` says about this very request beside what its rule does: whether its path is exempt from
// authentication, and whether pages of its origin may read the reply (CORS).
import type { RuleConfig } from "../config/config.ts";
import { fitsPattern } from "../routing/pattern.ts";
import { CorsPolicy } from "../shaping/cors-policy.ts";
import type { DryRequest } from "../snapshot/check/dry-run.ts";
import { joinField } from "../wire/fields.ts";
import { isSkipped } from "../wire/skipped-paths.ts";

/** Lines to print, and whether the request or the preflight is refused. */
interface Verdicts {
  readonly lines: readonly string[];
  readonly denied: boolean;
}

/** @param path canonical; null where there is none */
export function verdictsOn(rule: RuleConfig | null, path: string | null, request: DryRequest): Verdicts {
  if (rule === null || path === null) return { lines: [], denied: false };
  const all = [exemption(rule, path), crossOrigin(rule, request)].filter((each) => each !== null);
  return { lines: all.map(([line]) => `  ${line}`), denied: all.some(([, denied]) => denied) };
}

type Verdict = readonly [line: string, denied: boolean];

function exemption({ auth }: RuleConfig, path: string): Verdict | null {
  if (auth === null || auth.skipPaths.length === 0) return null;
  const skipped = isSkipped(path, (each) => auth.skipPaths.some((pattern) => fitsPattern(pattern, each)));
  if (skipped === null)
    return ["rejected        400 invalid_path, whether auth.skipPaths has the path is ambiguous", true];
  return skipped ? ["exempt          no authentication, by auth.skipPaths", false] : null;
}

function crossOrigin({ cors }: RuleConfig, { method, fields }: DryRequest): Verdict | null {
  const origin = joinField(fields, "origin");
  if (cors === null || origin === undefined) return null;
  const policy = new CorsPolicy(cors);
  const asked = method === "OPTIONS" ? joinField(fields, "access-control-request-method") : undefined;
  if (asked !== undefined && cors.optionsPassthrough) return null;
  const name = `${asked === undefined ? "page" : "preflight"} of ${origin}:`;
  const why = refusal(policy, origin, asked, joinField(fields, "access-control-request-headers") ?? "");
  if (why !== null) return [`${name} not allowed, ${why}`, asked !== undefined];
  return [`${name} allowed${policy.mayShowCredentials(origin) ? ", with credentials" : ""}`, false];
}

/** @param method that a preflight asks for @param names of header fields, as it lists them */
function refusal(policy: CorsPolicy, origin: string, method: string | undefined, names: string): string | null {
  if (policy.allowedOrigin(origin) === null) return "the origin is not in allowedOrigins";
  if (method === undefined) return null;
  if (!policy.allowsMethod(method)) return `${method} is not in allowedMethods`;
  const wrong = names.split(",").filter((name) => policy.allowedHeaders(name) === null);
  return wrong.length === 0 ? null : `${wrong.map((name) => name.trim()).join(", ")} not in allowedHeaders`;
}
