// `health` and the checks of instances: what is looked at, how, and how often.

import { didYouMean } from "../text/suggest.ts";
import { textOf } from "../text/tree.ts";
import type { Field, Infer } from "./field.ts";
import { mapOf, object, optional, wrongValue } from "./fields.ts";
import { urlPath } from "./grammar-scalars.ts";
import { bool, dur, int, oneOf, str, strings } from "./scalars.ts";

/** Kinds of probes. */
const PROBE_TYPES = ["http", "tcp", "grpc", "exec"] as const;
const TYPE_ALIASES = { script: "exec" } as const;
const METHODS = ["get", "head", "options", "post"] as const;

/** Statuses and ranges of them. */
function statuses(doc: string): Field<readonly string[]> {
  const base = strings(doc);
  const item = { anyOf: [{ type: "integer" }, { type: "string", pattern: "^[1-5]\\d\\d(-[1-5]\\d\\d)?$" }] };
  return {
    ...base,
    type: "status, range, or list",
    json: { anyOf: [{ type: "array", items: item }, ...item.anyOf] },
    read(node, path, reading) {
      const values = base.read(node, path, reading);
      for (const value of values) {
        const range = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(value);
        if (range !== null && Number(range[1]) <= Number(range[2] ?? range[1])) continue;
        reading.problems.error(
          node.at,
          `${path}: "${value}" is no status and no range such as "200-299"${statusMeant(value)}`,
        );
      }
      return values;
    },
  };
}

function statusMeant(text: string): string {
  const [, hundreds] = /^([1-5])xx$/i.exec(text) ?? [];
  if (hundreds !== undefined) return `; did you mean ${hundreds}00-${hundreds}99?`;
  return /^(ok|success)$/i.test(text) ? "; did you mean 200?" : "; several are a list";
}

const thresholds = {
  healthyThreshold: optional(
    int("successes in a row that bring it back; default `health.healthyThreshold`", undefined, 1),
  ),
  unhealthyThreshold: optional(
    int("failures in a row that take it out; default `health.unhealthyThreshold`", undefined, 1),
  ),
};

/** How one instance is probed. */
const probe = object("`unhealthy` (or false) takes the instance out, `healthy` (or true) does not; a block probes it", {
  enabled: bool("false: nothing probes this instance", true),
  type: optional(
    oneOf(
      "default http; grpc where the instance speaks gRPC and no path is given",
      PROBE_TYPES,
      undefined,
      TYPE_ALIASES,
    ),
  ),
  path: optional(str("http: path and query; default `/health`")),
  method: {
    ...oneOf("http: method", METHODS, "get"),
    json: { enum: [...METHODS, ...METHODS.map((m) => m.toUpperCase())] },
  } satisfies Field<(typeof METHODS)[number]>,
  headers: mapOf("http: fields to send; `Host` replaces the instance's own", str("value")),
  expectedStatus: statuses("http: what is healthy; default `200-299`"),
  expectedBody: str("http: text that must stand in the first 64 KiB of the body", ""),
  port: optional(int("another port than the instance's", undefined, 1, 65535)),
  service: str("grpc: name to ask for; empty = the server as a whole", ""),
  command: str("exec: absolute path of a program in `health.execAllow`", ""),
  args: strings("exec: its arguments"),
  interval: optional(dur("from probe to probe; default `health.interval`")),
  timeout: optional(dur("longest wait for an answer; default `health.timeout`, else 2s")),
  ...thresholds,
  gate: optional(bool("no traffic before the first verdict; default `health.gate`")),
});

const STATES: ReadonlyMap<string, "healthy" | "unhealthy"> = new Map([
  ["healthy", "healthy"],
  ["true", "healthy"],
  ["unhealthy", "unhealthy"],
  ["false", "unhealthy"],
]);

/** `instances[].health`. */
export const instanceHealth: Field<"healthy" | "unhealthy" | Infer<typeof probe>> = {
  ...probe,
  type: "`healthy` `unhealthy` or block",
  json: { anyOf: [{ enum: ["healthy", "unhealthy", true, false] }, probe.json] },
  fallback: "healthy",
  read(node, path, reading) {
    if (node.kind !== "scalar" || node.value === null) return probe.read(node, path, reading);
    const text = textOf(node);
    const state = STATES.get(text.toLowerCase());
    if (state === undefined) wrongValue(node, path, "healthy, unhealthy or a block", reading, null, stateMeant(text));
    return state ?? "healthy";
  },
  show: (value) => (typeof value === "string" ? value : probe.show(value)),
};

function stateMeant(text: string): string {
  if (text.startsWith("/")) return `; write { path: ${text} } to probe it`;
  if (/^\d+(ms|s|m)?$/.test(text)) return `; write { interval: ${text} } to probe it`;
  const type = PROBE_TYPES.find((known) => known === text.toLowerCase());
  return type === undefined ? didYouMean(text, ["healthy", "unhealthy"]) : `; write { type: ${type} } to probe it`;
}

const check = object("One check", {
  type: oneOf("kind of probe", PROBE_TYPES, "http", TYPE_ALIASES),
  interval: optional(dur("from probe to probe; default 30s, in a list `health.interval`")),
  timeout: optional(dur("longest wait for an answer; default `health.timeout`, else 5s")),
  services: strings("probe all instances of these services; in a list, empty = of all services"),
  path: optional(str("http probes of instances: path and query; default `/health`")),
  expectedStatus: statuses("http: what is healthy; default `200-299`"),
  ...thresholds,
  config: object("What to look at", {
    url: str("http: whole URL", ""),
    address: str("tcp, grpc: `host:port`", ""),
    service: str("grpc: name to ask for; empty = the server as a whole", ""),
    command: str("exec: absolute path of a program in `health.execAllow`", ""),
    args: strings("exec: its arguments"),
    path: optional(str("same as `path` above")),
    expectedStatus: statuses("same as `expectedStatus` above"),
    type: optional(
      oneOf(
        "probe every instance of the service this check is named after, in the way of the check (`service`) or in this one",
        ["service", ...PROBE_TYPES],
        undefined,
        TYPE_ALIASES,
      ),
    ),
  }),
});

/** One check, with its name: that of the map, or `checks[n]` in a list. */
export interface CheckSection extends Infer<typeof check> {
  readonly name: string;
  readonly listed: boolean;
}

const named = mapOf(
  "checks by name; those with `url`, `address` or `command` show on the health page, the others take failing instances out. A list probes instances only",
  check,
);

/** Checks by name, or a list of them. */
const checks: Field<readonly CheckSection[]> = {
  ...named,
  json: { anyOf: [named.json, { type: "array", items: check.json }] },
  fallback: [],
  read(node, path, reading) {
    if (node.kind === "list") {
      return node.items.map((item, i) => ({
        ...check.read(item, `${path}[${i}]`, reading),
        name: `checks[${i}]`,
        listed: true,
      }));
    }
    return Object.entries(named.read(node, path, reading)).map(([name, of]) => ({ ...of, name, listed: false }));
  },
  show: (values) =>
    values.some(({ listed }) => listed)
      ? values.map((value) => check.show(value))
      : Object.fromEntries(values.map((value) => [value.name, check.show(value)])),
};

/** `health`. */
export const health = object("Health paths, and checks of instances and of what the gateway needs", {
  enabled: optional(bool("true: they win over routes; false: never served; absent: served where no route matches")),
  healthPath: urlPath("overall state", "/health"),
  readyPath: urlPath("readiness", "/ready"),
  livePath: urlPath("liveness", "/live"),
  interval: dur("from probe to probe, ± 10 %", 10_000),
  timeout: optional(dur("longest wait for an answer; default 2s for `instances[].health`, 5s for `checks`")),
  unhealthyThreshold: int("failures in a row that take an instance out", 3, 1),
  healthyThreshold: int("successes in a row that bring it back; a new instance needs one", 2, 1),
  gate: bool("instances that are new take no traffic before the first verdict on them", false),
  execAllow: strings("absolute paths of the programs that exec probes may run; empty = none"),
  checks,
});

/** `instances[].health` in its long form. */
export type ProbeSection = Infer<typeof probe>;
