// Written → meant: infers ids, ports, schemes; parses patterns; finds what refers to nothing and what is there twice.
import { isIP } from "node:net";
import type { EndpointSpec } from "../core/service.ts";
import type { Conditions, ValueTest } from "../routing/conditions.ts";
import { type Pattern, parsePattern } from "../routing/pattern.ts";
import { compileCidrs } from "../wire/cidr.ts";
import type { Protocol, RuleConfig, ServiceConfig } from "./config.ts";
import type { Origin } from "./kit.ts";
import type { Position, Problems } from "./problem.ts";
import type { InstanceSection } from "./schema/registry.ts";
import type { Written } from "./schema/root.ts";
import type { RuleSection, ValueTestSection } from "./schema/router.ts";
import { didYouMean } from "./suggest.ts";
import type { MapNode, Node } from "./tree.ts";

/** Service name of the gateway's own answers. */
export const INTERNAL = "_internal";

/** A host name without port, exact or with a star for its first labels; or an IPv6 literal. */
const HOST =
  /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$|^\[[0-9A-Fa-f:.]+\]$/;

/** Parts of the meaning that are inferred. */
export interface Inferred {
  readonly rules: readonly RuleConfig[];
  readonly services: readonly ServiceConfig[];
}

/** Infers and checks across sections. `tree` is the written tree below `gateway`, for places. */
export function normalize(
  written: Written,
  tree: MapNode,
  origins: ReadonlyMap<string, Origin>,
  problems: Problems,
): Inferred {
  const services = readServices(written, tree, problems);
  const rules = readRules(written, tree, services, origins, problems);
  if (written.router.rules.length === 0 && problems.errors.length === 0) {
    problems.error(placeOf(tree, ["router", "rules"]), "router.rules is empty: nothing would be routed");
  }
  const http = written.frontend.http;
  for (const range of http.trustedProxies) {
    try {
      compileCidrs([range]);
    } catch (error) {
      problems.error(placeOf(tree, ["frontend", "http", "trustedProxies"]), (error as Error).message);
    }
  }
  if (http.tls.enabled && (http.tls.certFile === "" || http.tls.keyFile === "")) {
    problems.error(placeOf(tree, ["frontend", "http", "tls"]), "frontend.http.tls: enabled needs certFile and keyFile");
  }
  if (http.tls.enabled && http.tls.clientAuth === "verify" && http.tls.clientCAFile.length === 0) {
    problems.error(
      placeOf(tree, ["frontend", "http", "tls"]),
      "frontend.http.tls: clientAuth verify needs clientCAFile",
    );
  }
  for (const side of ["frontend", "backend"] as const) {
    const { tls } = written[side].http;
    if (tls.enabled && Number(tls.minVersion) > Number(tls.maxVersion)) {
      problems.error(
        placeOf(tree, [side, "http", "tls", "minVersion"]),
        `${side}.http.tls: minVersion is above maxVersion`,
      );
    }
  }
  if (written.backend.http.tls.enabled && written.backend.http.tls.insecureSkipVerify) {
    problems.warn(
      placeOf(tree, ["backend", "http", "tls", "insecureSkipVerify"]),
      "certificates of backends are not verified",
    );
  }
  return { rules, services };
}

function readServices(written: Written, tree: MapNode, problems: Problems): ServiceConfig[] {
  const sections = written.registry.static.services;
  const base = ["registry", "static", "services"];
  const seen = new Map<string, Position>();
  return sections.map((section, i) => {
    const at = placeOf(tree, [...base, i]);
    claim(seen, section.name, at, `service "${section.name}"`, problems);
    if (section.name === INTERNAL) problems.error(at, `"${INTERNAL}" names the gateway's own answers`);
    if (section.instances.length === 0) problems.error(at, `service "${section.name}" has no instances`);
    const ids = new Map<string, Position>();
    const endpoints = section.instances.map((instance, j) => {
      const endpoint = readInstance(section.name, section.type, instance);
      const wrong = addressFault(instance.address);
      if (wrong !== null) {
        const place = placeOf(tree, [...base, i, "instances", j, "address"]);
        problems.error(place, `service "${section.name}": "${instance.address}" is no host name or IP address${wrong}`);
      }
      claim(ids, endpoint.id, placeOf(tree, [...base, i, "instances", j]), `instance "${endpoint.id}"`, problems);
      return endpoint;
    });
    return { name: section.name, at, endpoints };
  });
}

function readInstance(service: string, type: "http" | "grpc", instance: InstanceSection): EndpointSpec {
  const written = instance.scheme ?? (instance.protocol === "https" || instance.port === 443 ? "https" : "http");
  const scheme = written === "https" ? "https" : "http";
  const grpc = instance.protocol === "grpc" || (instance.protocol === null && type === "grpc");
  const port = instance.port ?? (scheme === "https" ? 443 : 80);
  return {
    id: instance.id || `${service}-${instance.address}-${port}`,
    address: instance.address,
    port,
    scheme,
    grpc,
    http2: grpc || written === "h2c",
    grpcPort: grpcPort(instance.metadata.grpcPort) ?? port,
    weight: instance.weight,
    healthy: instance.health === "healthy",
    tags: instance.tags,
    metadata: instance.metadata,
  };
}

function grpcPort(written: unknown): number | null {
  const port = Number(written);
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : null;
}

/** What is wrong with an address, as the rest of a sentence; null when nothing is. */
function addressFault(address: string | undefined): string | null {
  if (address === undefined || isIP(address) !== 0) return null;
  if (/^[a-z]+:\/\//i.test(address)) return "; scheme and port are keys of their own";
  if (/:\d+$/.test(address)) return '; the port goes into "port"';
  if (address.includes("$")) return "; a variable is written ${NAME} and must be set";
  if (/^[\d.]+$/.test(address) || !HOST.test(address) || address.startsWith("*")) return "";
  return null;
}

function readRules(
  written: Written,
  tree: MapNode,
  services: readonly ServiceConfig[],
  origins: ReadonlyMap<string, Origin>,
  problems: Problems,
): RuleConfig[] {
  const byName = new Map(services.map((s) => [s.name, s]));
  const names: ReadonlySet<string> = new Set(byName.keys());
  const ids = new Map<string, Position>();
  const patterns = new Map<string, Position>();
  const counts = new Map<string, number>();
  return written.router.rules.flatMap((section, i) => {
    const at = placeOf(tree, ["router", "rules", i]);
    const count = (counts.get(section.serviceName) ?? 0) + 1;
    counts.set(section.serviceName, count);
    const id = section.id || `${section.serviceName}-${count}`;
    claim(ids, id, at, `rule id "${id}"`, problems);
    if (section.serviceName !== INTERNAL && section.serviceName !== undefined && !names.has(section.serviceName)) {
      const place = placeOf(tree, ["router", "rules", i, "serviceName"]);
      problems.error(
        place,
        `rule "${id}": unknown service "${section.serviceName}"${didYouMean(section.serviceName, names)}`,
      );
    }
    checkRewrites(section, id, at, problems);
    for (const [j, host] of section.hosts.entries()) {
      if (HOST.test(host)) continue;
      const place = placeOf(tree, ["router", "rules", i, "hosts", j]);
      problems.error(place, `rule "${id}": "${host}" is not a host name${hostHint(host)}`);
    }
    const pattern = readPattern(section, placeOf(tree, ["router", "rules", i, "path"]), id, problems);
    if (pattern === null) return [];
    const protocol = protocolOf(section, byName.get(section.serviceName));
    const conditions = readConditions(section, protocol, written.frontend.sse.path);
    for (const key of matchKeys(section.path, pattern, conditions)) claim(patterns, key.text, at, key.shown, problems);
    return [
      {
        id,
        at,
        pattern,
        conditions,
        loadBalance: section.loadBalance ?? written.router.defaultLoadBalance,
        maxBodyBytes: section.maxRequestSize ?? (protocol === "grpc" ? 0 : written.frontend.http.maxRequestSize),
        protocol,
        timeoutWritten: (origins.get(`router.rules[${i}].timeout`)?.kind ?? "default") !== "default",
        written: section,
      },
    ];
  });
}

function readPattern(section: RuleSection, at: Position, id: string, problems: Problems): Pattern | null {
  if (section.path === undefined) return null;
  try {
    const pattern = parsePattern(section.path);
    if (section.stripPrefix && pattern.literalPrefix === "") {
      problems.warn(at, `rule "${id}": stripPrefix has nothing to remove from "${section.path}"`);
    }
    return pattern;
  } catch (error) {
    problems.error(at, `rule "${id}": "${section.path}": ${(error as Error).message}`);
    return null;
  }
}

function checkRewrites(section: RuleSection, id: string, at: Position, problems: Problems): void {
  if (section.preserveHost && section.rewriteHost !== "") {
    problems.error(at, `rule "${id}": preserveHost and rewriteHost exclude each other`);
  }
  if (section.rewriteHost !== "" && !/^[A-Za-z0-9.\-_[\]:]+$/.test(section.rewriteHost)) {
    problems.error(at, `rule "${id}": rewriteHost is not a host name`);
  }
  if (section.stripPrefix && section.rewritePrefix !== "") {
    problems.error(at, `rule "${id}": rewritePrefix replaces the prefix already; remove stripPrefix`);
  }
  if (section.rewritePrefix !== "" && !/^\/[^\s?#]*$/.test(section.rewritePrefix)) {
    problems.error(at, `rule "${id}": rewritePrefix must begin with "/" and hold no query or blank`);
  }
}

/** What is written, else what the service speaks, else what the methods say. */
function protocolOf(section: RuleSection, service: ServiceConfig | undefined): Protocol {
  if (section.protocol !== null) return section.protocol;
  if (service?.endpoints.some((e) => e.grpc) === true) return "grpc";
  return section.methods.length === 1 && section.methods[0] === "SSE" ? "sse" : "http";
}

function readConditions(section: RuleSection, protocol: Protocol, eventPath: string): Conditions {
  const upgradesOnly = protocol === "websocket";
  return {
    hosts: [...new Set(section.hosts.map((h) => h.toLowerCase()))],
    methods: upgradesOnly ? ["WEBSOCKET"] : [...new Set(section.methods)],
    eventPath,
    headers: Object.entries(section.match.headers).map(([name, test]) => [name.toLowerCase(), given(test)] as const),
    query: Object.entries(section.match.query).map(([name, test]) => [name, given(test)] as const),
  };
}

function given(test: ValueTestSection): ValueTest {
  return Object.fromEntries(Object.entries(test).filter(([, value]) => value !== null)) as ValueTest;
}

/** One key per method and host: two rules sharing one would leave the winner to luck. */
function matchKeys(path: string, pattern: Pattern, c: Conditions): { text: string; shown: string }[] {
  const further = JSON.stringify([[...c.headers].sort(byName), [...c.query].sort(byName)]);
  return (c.methods.length === 0 ? ["*"] : c.methods).flatMap((method) =>
    (c.hosts.length === 0 ? ["*"] : c.hosts).map((host) => ({
      text: `${pattern.canonical} ${method} ${host} ${further}`,
      shown: `match "${path}"${method === "*" ? "" : `, method ${method}`}${host === "*" ? "" : `, host ${host}`}`,
    })),
  );
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

function hostHint(host: string): string {
  if (host === "*") return "; leave hosts out to match any";
  if (/:\d+$/.test(host)) return "; the port is not part of it";
  return '; a star stands only at the beginning: "*.example.org"';
}

function claim(seen: Map<string, Position>, key: string, at: Position, what: string, problems: Problems): void {
  const before = seen.get(key);
  if (before === undefined) seen.set(key, at);
  else problems.error(at, `duplicate ${what}; the first is at ${before.file}:${before.line}`);
}

/** Place of a written value, or of the nearest one above it. */
export function placeOf(tree: MapNode, path: readonly (string | number)[]): Position {
  let node: Node = tree;
  let at = tree.at;
  for (const step of path) {
    const next: Node | undefined =
      node.kind === "map"
        ? node.entries.get(String(step))?.value
        : node.kind === "list"
          ? node.items[Number(step)]
          : undefined;
    if (next === undefined) break;
    node = next;
    at = next.at;
  }
  return at;
}
