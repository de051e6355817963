// Written → meant: infers ids, ports, schemes; parses patterns; finds what refers to nothing and what is there twice.
import type { Conditions, ValueTest } from "../../routing/conditions.ts";
import { type Pattern, parsePattern } from "../../routing/pattern.ts";
import { bracketed, plainHost, withoutRoot } from "../../wire/authority.ts";
import { compileCidrs } from "../../wire/cidr.ts";
import type { Meaning, Protocol, RuleConfig, RuleWebSocketConfig, ServiceConfig } from "../config.ts";
import { cidrMeant, patternMeant, ruleHostMeant } from "../cures/meant-match.ts";
import type { Origin } from "../schema/field.ts";
import { isWritten } from "../schema/fields.ts";
import { HOST } from "../schema/hosts.ts";
import type { Written } from "../schema/root.ts";
import { type RuleSection, ruleDefaults, type ValueTestSection } from "../schema/router.ts";
import { placeOf } from "../text/position.ts";
import type { Position, Problems } from "../text/problem.ts";
import { didYouMean, didYouMeanOf } from "../text/suggest.ts";
import type { MapNode } from "../text/tree.ts";
import { checkConcurrency } from "./adaptive-limit.ts";
import { checkLoadBalancing, defaultBalancing, readBalancing } from "./balancing.ts";
import { checkFallbacks } from "./fallbacks.ts";
import { readHealth } from "./health.ts";
import { LimitReader } from "./limits.ts";
import { checkManagement } from "./management.ts";
import { checkOutliers } from "./outliers.ts";
import { checkPorts } from "./ports.ts";
import { checkResilience } from "./resilience.ts";
import { claim, INTERNAL, readServices } from "./services.ts";
import { readStores } from "./stores.ts";
import { listenerBlocks, upstreamBlocks } from "./tls-files.ts";

const ALIKE = "; tell them apart by path, methods, hosts or match, or remove one of them";

/** Infers and checks across sections. `tree` is the written tree below `gateway`, for places. */
export function normalize(
  written: Written,
  tree: MapNode,
  origins: ReadonlyMap<string, Origin>,
  problems: Problems,
): Meaning {
  const services = readServices(written, tree, problems);
  const limits = new LimitReader(written, tree, problems);
  const rules = readRules(written, tree, services, origins, limits, problems);
  rules.push(...readGrpcServices(written, tree, services, rules, origins, limits, problems));
  checkLoadBalancing(written, tree, problems);
  if (written.router.rules.length === 0 && problems.errors.length === 0) {
    problems.error(placeOf(tree, ["router", "rules"]), "router.rules is empty: nothing would be routed");
  }
  checkResilience(written, rules, services, tree, problems);
  checkConcurrency(written, services, tree, problems);
  checkFallbacks(written, rules, new Set(services.map((s) => s.name)), tree, problems);
  const http = written.frontend.http;
  for (const [i, range] of http.trustedProxies.entries()) {
    try {
      compileCidrs([range]);
    } catch (error) {
      const at = placeOf(tree, ["frontend", "http", "trustedProxies", i]);
      problems.error(at, `${(error as Error).message}${cidrMeant(range)}`);
    }
  }
  checkManagement(written, tree, problems);
  checkPorts(written, tree, problems);
  for (const { place, tls } of listenerBlocks(written)) {
    const at = placeOf(tree, place);
    const name = place.join(".");
    if (tls.certFile === "" || tls.keyFile === "") problems.error(at, `${name}: enabled needs certFile and keyFile`);
    if (tls.clientAuth === "verify" && tls.clientCAFile.length === 0) {
      problems.error(at, `${name}: clientAuth verify needs clientCAFile`);
    }
  }
  for (const { place, tls } of [...listenerBlocks(written), ...upstreamBlocks(written)]) {
    if (Number(tls.minVersion) > Number(tls.maxVersion)) {
      problems.error(placeOf(tree, [...place, "minVersion"]), `${place.join(".")}: minVersion is above maxVersion`);
    }
  }
  for (const { place, tls } of upstreamBlocks(written)) {
    if ((tls.clientCertFile === "") !== (tls.clientKeyFile === "")) {
      problems.error(placeOf(tree, place), `${place.join(".")}: clientCertFile and clientKeyFile belong together`);
    }
    if (tls.insecureSkipVerify) {
      problems.warn(placeOf(tree, [...place, "insecureSkipVerify"]), "certificates of backends are not verified");
    }
  }
  const health = readHealth({ written, tree, origins, problems }, services);
  checkOutliers(written, tree, services, problems);
  const { include: _, registry, router, middleware, redis: __, rateLimitStorage: ___, telemetry, ...plain } = written;
  return {
    ...plain,
    rules,
    services,
    registry: { type: registry.type },
    defaultBalancing: defaultBalancing(router),
    health,
    stores: readStores(written, tree, problems),
    tracking: middleware.tracking,
    logging: telemetry.logging,
  };
}

function readRules(
  written: Written,
  tree: MapNode,
  services: readonly ServiceConfig[],
  origins: ReadonlyMap<string, Origin>,
  limits: LimitReader,
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
    // Where the services could not be read, that has been said.
    const unread = problems.saidAt(placeOf(tree, ["registry", "static", "services"]));
    if (
      section.serviceName !== INTERNAL &&
      section.serviceName !== undefined &&
      !names.has(section.serviceName) &&
      !unread
    ) {
      const place = placeOf(tree, ["router", "rules", i, "serviceName"]);
      problems.error(
        place,
        `rule "${id}": unknown service "${section.serviceName}"${didYouMeanOf(section.serviceName, names, "registry.static.services has")}`,
      );
    }
    checkRewrites(section, id, at, problems);
    for (const [j, host] of section.hosts.entries()) {
      if (HOST.test(ruleHost(host))) continue;
      const place = placeOf(tree, ["router", "rules", i, "hosts", j]);
      problems.error(place, `rule "${id}": "${host}" is not a host name${ruleHostMeant(host)}`);
    }
    const pattern = readPattern(section, placeOf(tree, ["router", "rules", i, "path"]), id, problems);
    if (pattern === null) return [];
    const protocol = protocolOf(section, byName.get(section.serviceName));
    const conditions = readConditions(section, protocol, written.frontend.sse.path);
    for (const key of matchKeys(section.path, pattern, conditions))
      claim(patterns, key.text, at, key.shown, problems, ALIKE);
    return [
      {
        ...asWritten(section),
        id,
        key: `router.rules[${i}]`,
        at,
        pattern,
        conditions,
        ...readBalancing(section, written.router, (key) => placeOf(tree, ["router", "rules", i, key]), id, problems),
        maxBodyBytes: section.maxRequestSize ?? (protocol === "grpc" ? 0 : written.frontend.http.maxRequestSize),
        protocol,
        timeoutWritten: isWritten(origins, `router.rules[${i}].timeout`),
        ...limits.read(section, id, ["router", "rules", i]),
        websocket: readWebSocket(section, written, origins),
      },
    ];
  });
}

/** `protocols.grpc.services`: a rule for each service that no rule of the file has. */
function readGrpcServices(
  written: Written,
  tree: MapNode,
  services: readonly ServiceConfig[],
  rules: readonly RuleConfig[],
  origins: ReadonlyMap<string, Origin>,
  limits: LimitReader,
  problems: Problems,
): RuleConfig[] {
  const { grpc } = written.protocols;
  if (!grpc.enabled) return [];
  const names = services.map((s) => s.name);
  const taken = new Set(rules.map((r) => r.pattern.canonical));
  return grpc.services.flatMap(({ name, backend }, i) => {
    const at = placeOf(tree, ["protocols", "grpc", "services", i]);
    if (!/^[A-Za-z_][\w.]*$/.test(name)) problems.error(at, `"${name}" is not the name of a gRPC service`);
    else if (!names.includes(backend)) problems.error(at, `unknown service "${backend}"${didYouMean(backend, names)}`);
    else {
      const path = `/${name}/*`;
      const pattern = parsePattern(path);
      if (taken.has(pattern.canonical)) return [];
      taken.add(pattern.canonical);
      const section: RuleSection = { ...ruleDefaults(), path, serviceName: backend };
      return [
        {
          ...asWritten(section),
          id: `grpc:${name}`,
          key: `protocols.grpc.services[${i}]`,
          at,
          pattern,
          conditions: readConditions(section, "grpc", ""),
          ...readBalancing(section, written.router, () => at, name, problems),
          maxBodyBytes: 0,
          protocol: "grpc" as const,
          timeoutWritten: false,
          ...limits.read(section, `grpc:${name}`, ["protocols", "grpc", "services", i]),
          websocket: readWebSocket(section, written, origins),
        },
      ];
    }
    return [];
  });
}

/** What a rule says that means just that. */
function asWritten(section: RuleSection) {
  const { path, serviceName, stripPrefix, rewritePrefix, preserveHost, rewriteHost, tier, accessLog, metadata } =
    section;
  const { circuitBreaker, retry, fallback, sse, grpc, transcoding, timeout: timeoutMs } = section;
  const target = { path, serviceName, stripPrefix, rewritePrefix, preserveHost, rewriteHost };
  return { ...target, tier, accessLog, metadata, circuitBreaker, retry, fallback, sse, grpc, transcoding, timeoutMs };
}

/** Messages are read where something is configured that needs them read; otherwise they pass untouched. */
function readWebSocket(
  { websocket: { mode, maxMessageSize } }: RuleSection,
  { frontend, backend }: Written,
  origins: ReadonlyMap<string, Origin>,
): RuleWebSocketConfig {
  const sized = maxMessageSize !== null || SIZES.some((key) => isWritten(origins, key));
  const compressed = frontend.websocket.enableCompression || backend.websocket.enableCompression;
  return { mode: mode ?? (sized || compressed ? "messages" : "tunnel"), maxMessageBytes: maxMessageSize };
}

const SIZES = ["frontend.websocket.maxMessageSize", "backend.websocket.maxMessageSize"];

function readPattern(section: RuleSection, at: Position, id: string, problems: Problems): Pattern | null {
  if (section.path === undefined) return null;
  try {
    const pattern = parsePattern(section.path);
    if (section.stripPrefix && pattern.literalPrefix === "") {
      problems.warn(at, `rule "${id}": stripPrefix has nothing to remove from "${section.path}"`);
    }
    return pattern;
  } catch (error) {
    const why = `${(error as Error).message}${patternMeant(section.path)}`;
    problems.error(at, `rule "${id}": "${section.path}": ${why}`);
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
  if (section.grpc !== null || section.transcoding !== null) return "grpc";
  if (service?.endpoints.some((e) => e.grpc) === true) return "grpc";
  return section.methods.length === 1 && section.methods[0] === "SSE" ? "sse" : "http";
}

function readConditions(section: RuleSection, protocol: Protocol, eventPath: string): Conditions {
  const upgradesOnly = protocol === "websocket";
  return {
    hosts: [...new Set(section.hosts.map(ruleHost))],
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

/** A host as the adapters name it: in lower case, IPv6 addresses in brackets, no dot at the end. */
function ruleHost(text: string): string {
  return bracketed(withoutRoot(plainHost(text.toLowerCase())));
}
