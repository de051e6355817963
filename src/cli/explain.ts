// `gateway explain METHOD URL`: which route matches, what it does, and why the others do not, without sending anything.
import { IpList } from "../auth/ip-list.ts";
import type { Config, RuleConfig } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { didYouMean } from "../config/text/suggest.ts";
import { showDuration, showSize } from "../config/text/units.ts";
import { withoutQueryValues } from "../config/text/url-secrets.ts";
import { builtinPaths } from "../snapshot/builtin/paths.ts";
import { type DryRequest, dryRun, indexRules, whyNot } from "../snapshot/check/dry-run.ts";
import { addressText } from "../wire/authority.ts";
import { plainAddress } from "../wire/cidr.ts";
import { explainAuthorization } from "./authorization.ts";
import { CONFIG_FLAGS, CONFIG_HELP, type Command, loadOptions } from "./command.ts";
import { type Parsed, UsageError } from "./flags.ts";
import { HEADER_HELP, headersOf } from "./header-flag.ts";
import { addressesText, policiesOf } from "./policies.ts";
import { verdictsOn } from "./verdicts.ts";

/** Most losing routes shown; the rest is counted. */
const MAX_SHOWN = 50;

/** Explains the route of a request. */
export const explain: Command = {
  name: "explain",
  summary: "show which route matches a request, and why the others do not",
  operands: "METHOD URL",
  flags: { ...CONFIG_FLAGS, H: "text", d: "text", listener: "text", from: "text", as: "text" },
  help: {
    ...CONFIG_HELP,
    H: HEADER_HELP,
    d: "request body, or `@` and a file: shows which language models would be asked for it",
    listener:
      "name of the listener that receives the request (default the first one, for an https URL the first with TLS)",
    from: "client address, or `unix`, to check against IP lists",
    as: "identity of the client, as in `authz.rbac` bindings (`user:ann`, `group:ops`), to check against roles; may be repeated",
  },
  async run(parsed, env) {
    const [method, url, ...further] = parsed.rest;
    if (method === undefined || url === undefined) throw new UsageError("explain needs METHOD and URL");
    if (further.length > 0) throw new UsageError(`unexpected "${further[0]}"`);
    const fields = headersOf(parsed);
    const load = loadOptions(parsed, env);
    const { config } = loadConfig(load);
    const listener = listenerOf(config, parsed.values.get("listener"), /^https:/i.test(url));
    const from = addressOf(parsed.values.get("from"));
    const request: DryRequest = { listener, method: method.toUpperCase(), url, fields };
    const result = dryRun(indexRules(config.rules), request, builtinPaths(config));
    const lines = [
      `${request.method} ${withoutQueryValues(url)}  (${load.file})`,
      ...(config.listeners.length > 1 ? [`  listener        ${listener}`] : []),
      ...listenerLists(config, listener),
      `  canonical path  ${result.path ?? "refused: not a valid path"}`,
    ];
    if (result.rule !== null) {
      const service = config.services.find((s) => s.name === result.rule!.serviceName);
      const policies = policiesOf(config, result.rule, service).map(([name, text]) => `  ${name.padEnd(16)}${text}`);
      lines.push(...describeRule(result.rule), ...policies, ...(service?.endpoints ?? []).map(endpointLine));
    } else if (result.builtin) {
      lines.push(`  built in: ${builtinAnswer(config, listener, result.status)}`);
    } else {
      const allow = result.allow.length > 0 ? ` (Allow: ${result.allow.join(", ")})` : "";
      lines.push(`  no route: the gateway answers ${result.status}${allow}`);
    }
    const held = from === null ? null : holdsOff(config, listener, result.rule, from);
    if (held !== null) lines.push(`  from ${parsed.values.get("from")}: ${held || "passes"}`);
    const own = verdictsOn(result.rule, result.path, request);
    const { lines: said, denied } = explainAuthorization(config, result, request, parsed.all.get("as") ?? []);
    const models = await modelsFor(config, result, request, parsed);
    lines.push(...own.lines, ...said, ...models.lines);
    const others = result.path === null || result.builtin ? [] : config.rules.filter((rule) => rule !== result.rule);
    for (const rule of others.slice(0, MAX_SHOWN)) {
      lines.push(`  - ${rule.id} (${rule.path}): ${whyNot(rule, request) ?? "less specific"}`);
    }
    if (others.length > MAX_SHOWN) lines.push(`  … and ${others.length - MAX_SHOWN} more`);
    process.stdout.write(`${lines.join("\n")}\n`);
    return (result.rule === null && !result.builtin) || held || own.denied || denied || models.denied ? 1 : 0;
  },
};

/** What is said about language models, loaded for rules that have them. */
async function modelsFor(
  config: Config,
  { rule, path }: { readonly rule: RuleConfig | null; readonly path: string | null },
  request: DryRequest,
  { values, all }: Parsed,
): Promise<{ readonly lines: readonly string[]; readonly denied: boolean }> {
  if (rule === null || path === null || rule.strategy === null) {
    const lines = values.has("d") ? ["  body            not considered: the request goes to no language model"] : [];
    return { lines, denied: false };
  }
  const { bodyOf, explainModels } = await import("./llm/explain.ts");
  return explainModels(config, rule, path, request, bodyOf(values.get("d")), all.get("as") ?? []);
}

/** @throws UsageError when there is no such listener */
function listenerOf({ listeners }: Config, asked: string | undefined, secure: boolean): string {
  const names = listeners.map(({ name }) => name);
  if (asked === undefined) return (listeners.find(({ tls }) => (tls !== null) === secure) ?? listeners[0]!).name;
  if (names.includes(asked)) return asked;
  const hint = didYouMean(asked, names) || `; listeners are ${names.join(", ")}`;
  throw new UsageError(`-listener: unknown listener "${asked}"${hint}`);
}

function listenerLists({ listeners }: Config, asked: string): string[] {
  const text = addressesText(listeners.find(({ name }) => name === asked)!);
  return text === null ? [] : [`  at the listener ${text}`];
}

/** An address in its one spelling, "" for `unix`; null: none is given. @throws UsageError */
function addressOf(text: string | undefined): string | null {
  if (text === undefined || text === "unix") return text === undefined ? null : "";
  const address = plainAddress(text);
  if (address === "") throw new UsageError(`-from: "${text}" is not an IP address`);
  return address;
}

/** What a client at `from` is answered because of IP lists; "" = nothing, they let it pass. */
function holdsOff({ listeners }: Config, asked: string, rule: RuleConfig | null, from: string): string {
  const listener = listeners.find(({ name }) => name === asked)!;
  const reason =
    new IpList(listener, "listener").reason(from) ?? (rule === null ? null : new IpList(rule, "rule").reason(from));
  return reason === null ? "" : `403 ip_denied, the ${reason}`;
}

function builtinAnswer({ listeners }: Config, asked: string, status: number | null): string {
  const redirect = listeners.find(({ name }) => name === asked)?.redirect ?? null;
  return redirect === null || status !== redirect.status
    ? "the gateway answers this path itself"
    : `this listener redirects to HTTPS, port ${redirect.port} (${status}); use -listener to choose another`;
}

function describeRule(rule: RuleConfig): string[] {
  const { at, timeoutMs, strategy } = rule;
  return [
    `  route           ${rule.id}  (${rule.path}, ${at.file}:${at.line})`,
    strategy === null
      ? `  service         ${rule.serviceName}  (${rule.loadBalance})`
      : `  strategy        language models, order ${strategy.order}, ${strategy.failover ? "with" : "without"} failover`,
    `  timeout         ${timeoutMs === 0 ? "none" : showDuration(timeoutMs)}`,
    `  body limit      ${rule.maxBodyBytes === 0 ? "none" : showSize(rule.maxBodyBytes)}`,
  ];
}

function endpointLine(endpoint: {
  id: string;
  scheme: string;
  address: string;
  port: number;
  weight: number;
  healthy: boolean;
}): string {
  const { id, scheme, weight, healthy } = endpoint;
  const where = `${scheme}://${addressText(endpoint)}`;
  return `  endpoint        ${id}  ${where}  weight ${weight}${healthy ? "" : "  out of service"}`;
}
