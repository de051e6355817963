// Routes a request without sending it: for `explain` and the tests in a configuration.
import type { RuleConfig } from "../../config/config.ts";
import { RequestContext } from "../../core/context.ts";
import { ERRORS } from "../../core/errors.ts";
import { NullDownstream } from "../../core/null-upstream.ts";
import { admitsListener, admitsMethod, unmet } from "../../routing/conditions.ts";
import { RouteTree } from "../../routing/tree.ts";
import { hostName } from "../../wire/authority.ts";
import { ForwardedPeer } from "../../wire/forwarded.ts";
import { canonicalPath } from "../../wire/path.ts";
import { matchPreflight } from "../../wire/preflight.ts";
import type { BuiltinPaths } from "../builtin/paths.ts";

/** A request to route. */
export interface DryRequest {
  /** Name of the listener it comes to. */
  readonly listener: string;
  readonly method: string;
  /** Path with query, or an absolute URL, whose host then counts. */
  readonly url: string;
  /** Flat header list. */
  readonly fields: readonly string[];
}

/** How it would be routed. */
interface DryResult {
  /** Canonical path; null when the path is refused. */
  readonly path: string | null;
  readonly rule: RuleConfig | null;
  /** Status of the gateway's own answer if no rule matches the request. */
  readonly status: number | null;
  readonly allow: readonly string[];
  /** The gateway answers it itself. */
  readonly builtin: boolean;
}

const NO_CONDITIONS = { listeners: [], hosts: [], methods: [], eventPath: "", headers: [], query: [] };
const NO_BUILTINS: BuiltinPaths = { first: [], last: [], redirects: new Map() };

/** Index over the rules of a configuration. */
export function indexRules(rules: readonly RuleConfig[]): RouteTree<RuleConfig> {
  const tree = new RouteTree<RuleConfig>();
  for (const [order, rule] of rules.entries())
    tree.add(rule.pattern, { route: rule, conditions: rule.conditions, order });
  return tree;
}

/** Routes one request. */
export function dryRun(
  index: RouteTree<RuleConfig>,
  request: DryRequest,
  builtins: BuiltinPaths = NO_BUILTINS,
): DryResult {
  const ctx = contextOf(request);
  const path = canonicalPath(ctx.rawPath);
  if (path === null) return { path, rule: null, status: ERRORS.invalid_path.status, allow: [], builtin: false };
  ctx.path = path;
  const own: DryResult = { path, rule: null, status: 200, allow: [], builtin: true };
  if (builtins.first.includes(path) || path.startsWith("/_gateway/")) return own;
  const redirected = builtins.redirects.get(request.listener);
  if (redirected !== undefined) return { ...own, status: redirected };
  const match = matchPreflight(
    ctx,
    (asked) => index.match(asked),
    ({ cors }) => cors !== null,
  );
  if (!("allow" in match)) return { path, rule: match, status: null, allow: [], builtin: false };
  if (match.allow.length === 0 && builtins.last.includes(path)) return own;
  const upgradesOnly = match.allow.length > 0 && match.allow.every((m) => m === "WEBSOCKET");
  const code = upgradesOnly ? "upgrade_required" : match.allow.length > 0 ? "method_not_allowed" : "no_route";
  return { path, rule: null, status: ERRORS[code].status, allow: match.allow, builtin: false };
}

/** Why a rule does not take a request, or null when it would if nothing more specific did. */
export function whyNot(rule: RuleConfig, request: DryRequest): string | null {
  const alone = dryRun(indexRules([rule]), request);
  if (alone.rule !== null) return null;
  const ctx = contextOf(request);
  const { listeners, hosts, methods } = rule.conditions;
  if (!admitsListener(rule.conditions, ctx)) return `listener ${request.listener} is not among ${listeners.join(", ")}`;
  const path = dryRun(indexRules([{ ...rule, conditions: NO_CONDITIONS }]), request);
  if (path.rule === null) return "path does not match";
  if (!admitsMethod(rule.conditions, ctx)) return `method ${request.method} is not among ${methods.join(", ")}`;
  const open = { ...rule, conditions: { ...rule.conditions, headers: [], query: [] } };
  if (dryRun(indexRules([open]), request).rule === null) return `host "${ctx.host}" is not among ${hosts.join(", ")}`;
  return `${unmet(ctx, rule.conditions)} does not match`;
}

function isWebSocket(value: string): boolean {
  return value.toLowerCase() === "websocket";
}

/** The request as filters see it, but for its canonical path. */
export function contextOf(request: DryRequest): RequestContext {
  const absolute = /^https?:\/\/([^/?#]+)(.*)$/i.exec(request.url);
  const target = absolute === null ? request.url : absolute[2] || "/";
  const { method, fields } = request;
  const ctx = new RequestContext(
    new NullDownstream(),
    new ForwardedPeer("127.0.0.1", request.listener, null),
    method,
    target,
    fields,
    "1.1",
    false,
    0,
  );
  ctx.upgrade = fields.some((f, i) => i % 2 === 0 && f.toLowerCase() === "upgrade" && isWebSocket(fields[i + 1]!));
  const at = fields.findIndex((f, i) => i % 2 === 0 && f.toLowerCase() === "host");
  const host = absolute?.[1] ?? fields[at + 1] ?? "";
  ctx.authority = at === -1 && absolute === null ? "" : host;
  ctx.host = hostName(ctx.authority);
  return ctx;
}
