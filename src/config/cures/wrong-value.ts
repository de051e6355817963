// What to write instead of a value of the wrong kind, where the key tells what was meant.
import { hostPort } from "../../wire/authority.ts";
import type { Fields } from "../schema/field.ts";
import { readHost } from "../schema/hosts.ts";
import { type Node, textOf } from "../text/tree.ts";

const RULE = "router.rules[]";
const SERVICES = 'services are a list: write "- name: web" and its instances below';
const HEADER_KEY = 'write "header:NAME" for a header';

/** Section and key → cure for any wrong value. */
const BY_KEY: ReadonlyMap<string, string> = new Map([
  [`${RULE}.stripPrefix`, "true removes the literal prefix of path; rewritePrefix replaces it"],
  [`${RULE}.accessLog`, "the file is set for all rules in telemetry.logging.output"],
  [`${RULE}.serviceName`, "a rule sends to one service; several backends are instances of one service"],
  [
    `${RULE}.path`,
    "a rule has one path, as text; write one rule for each path, and quote a path that begins with { or [",
  ],
  [`${RULE}.websocket`, "WebSocket upgrades need no key; methods: [ WEBSOCKET ] allows only these"],
  [`${RULE}.sse`, "event streams need no key; protocol: sse restricts a rule to them"],
  [`${RULE}.grpc`, "protocol: grpc makes it a gRPC rule"],
  [`${RULE}.retry`, "write retry: { maxAttempts: 3 }, including the first attempt"],
  [`${RULE}.circuitBreaker`, "write circuitBreaker: { maxFailures: 5 }, or { enabled: true } for the defaults"],
  [`${RULE}.rateLimit`, 'write requests per second, or "100/m", or { rate: 100, period: 1m }'],
  [`${RULE}.rateLimit.key`, HEADER_KEY],
  [`${RULE}.rateLimits[].key`, HEADER_KEY],
  [`${RULE}.sessionAffinity`, "write sessionAffinity: { source: cookie }, with loadBalance: sticky_session"],
  [`${RULE}.fallback`, "write fallback: { serviceName: NAME } or { status: 503, body: text }"],
  [`${RULE}.match`, "write match: { headers: { x-tenant: a }, query: { debug: true } }"],
  [`${RULE}.protocol`, "it is the protocol of the service; the service is set with serviceName"],
  [`${RULE}.preserveHost`, "true sends the client's Host; rewriteHost sets another"],
  [`${RULE}.concurrency`, "write the maximum number, or remove it for no limit"],
  [`${RULE}.rateLimit.rate`, "write rate: 10 and period: 1s"],
  ["frontend.http.enableHTTP2", "true serves HTTP/2 with and without TLS"],
  ["registry.type", "this version supports only services in registry.static.services"],
  ["retry", "write retry: { enabled: true, default: { maxAttempts: 3 } }"],
  ["circuitBreaker", "write circuitBreaker: { enabled: true, default: { maxFailures: 5 } }"],
  ["health", "write health: { healthPath: /health }"],
  ["shutdown", "write shutdown: { timeout: 30s }"],
  ["tests[]", 'write { request: "GET /api", expect: { route: NAME } }'],
  ["gateway", "write frontend, router and registry below it"],
  ["router.rules", 'rules are a list: write "- path: /api/*" and its other keys below'],
  ["registry.static.services", SERVICES],
  [
    "registry.static.services[].instances",
    'instances are a list: write "- address: 10.0.0.1" and its other keys below',
  ],
  ["frontend.http.tls", "write tls: { enabled: true, certFile: cert.pem, keyFile: key.pem }"],
  ["telemetry.logging", "write logging: { level: info, format: json, output: stdout }"],
  ["redis", "write redis: { host: NAME, port: 6379 }"],
  ["include", "write file names"],
]);

/**
 * The end of a message about a value of the wrong kind; "" when nothing more is known than what was expected.
 * @param expected what would be right, in words
 * @param fields keys of the block that was expected; null when it was none
 */
export function wrongValueCure(node: Node, path: string, expected: string, fields: Fields | null): string {
  const known = BY_KEY.get(path.replaceAll(/\[\d+\]/g, "[]"));
  if (known !== undefined) return `; ${known}`;
  const block = fields !== null || expected === "a mapping";
  const text = node.kind === "scalar" && block ? shortForm(textOf(node), path) : null;
  if (text !== null) return `; write ${text}`;
  const flag = node.kind === "scalar" && /^(true|yes|on|false|no|off)$/i.test(textOf(node));
  if (flag && fields !== null && Object.hasOwn(fields, "enabled")) return `; write { enabled: ${textOf(node)} }`;
  if (fields !== null && node.kind === "list") return '; write its keys without "-"';
  if (fields !== null) return `; write its keys below it, such as ${Object.keys(fields).slice(0, 3).join(", ")}`;
  if (expected === "a list") return node.kind === "map" ? '; each entry begins with "- "' : "";
  if (expected === "a mapping") return node.kind === "list" ? '; write its keys without "-"' : "";
  if (node.kind === "list") return expected.startsWith("a list") ? "" : "; write a single value, not a list";
  if (node.kind === "map") return '; quote text that holds { } [ ] or ": "';
  return "";
}

/** `key = value`, or a rule, service or instance written as one text, in its long form; null for other text. */
function shortForm(text: string, path: string): string | null {
  const [, key, value] = /^([\w.-]+)\s*=\s*(\S+)$/.exec(text) ?? [];
  if (key !== undefined) return `${key}: ${value}`;
  const [, list] = /\.?(rules|services|instances)\[\d+\]$/.exec(path) ?? [];
  if (list === "rules") {
    const [, from, to] = /^(\/\S*)(?:\s*(?:->|=>|:)?\s*(\S+))?$/.exec(text) ?? [];
    return from === undefined ? null : `{ path: ${from}, serviceName: ${to ?? "NAME"} }`;
  }
  if (list === "services")
    return `{ name: ${/^[\w.-]+$/.test(text) ? text : "NAME"}, instances: [ { address: 10.0.0.1, port: 3000 } ] }`;
  if (list !== "instances") return null;
  const [, scheme, authority] = /^(?:(https?):\/\/)?([^/]+)\/?$/.exec(text) ?? [];
  const place = hostPort(authority ?? "");
  const address = place?.host ?? readHost(authority ?? "");
  const port = place === null ? "" : `, port: ${place.port}`;
  return address === null ? null : `{ ${scheme === undefined ? "" : `scheme: ${scheme}, `}address: ${address}${port} }`;
}
