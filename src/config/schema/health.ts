// `health` and the checks of instances: what is checked, how, and how often.

import { didYouMean } from "../text/suggest.ts";
import { textOf } from "../text/tree.ts";
import type { Field, Infer } from "./field.ts";
import { mapOf, object, optional, wrongValue } from "./fields.ts";
import { urlPath } from "./grammar-scalars.ts";
import { bool, dur, int, oneOf, str, strings } from "./scalars.ts";
import { statuses } from "./statuses.ts";

/** Kinds of probes. */
const PROBE_TYPES = ["http", "tcp", "grpc", "exec"] as const;
const TYPE_ALIASES = { script: "exec" } as const;
const METHODS = ["get", "head", "options", "post"] as const;

const thresholds = {
  healthyThreshold: optional(
    int("consecutive successes that make it healthy; default `health.healthyThreshold`", undefined, 1),
  ),
  unhealthyThreshold: optional(
    int("consecutive failures that make it unhealthy; default `health.unhealthyThreshold`", undefined, 1),
  ),
};

/** How one instance is probed. */
const probe = object(
  "`unhealthy` (or false) takes the instance out of service, `healthy` (or true) does not; a block enables probes",
  {
    enabled: bool("false: this instance is not probed", true),
    type: optional(
      oneOf("default http; grpc if the instance speaks gRPC and no path is set", PROBE_TYPES, undefined, TYPE_ALIASES),
    ),
    path: optional(str("http: path and query; default `/health`")),
    method: {
      ...oneOf("http: method", METHODS, "get"),
      json: { enum: [...METHODS, ...METHODS.map((m) => m.toUpperCase())] },
    } satisfies Field<(typeof METHODS)[number]>,
    headers: mapOf("http: header fields to send; `Host` replaces the default", str("value")),
    expectedStatus: statuses("http: statuses that count as success; default `200-299`"),
    expectedBody: str("http: text that the first 64 KiB of the body must contain", ""),
    port: optional(int("port to probe; default the instance's port", undefined, 1, 65535)),
    service: str("grpc: service name to check; empty = the server as a whole", ""),
    command: str("exec: absolute path of a program in `health.execAllow`", ""),
    args: strings("exec: its arguments"),
    interval: optional(dur("interval between probes; default `health.interval`")),
    timeout: optional(dur("timeout for an answer; default `health.timeout`, else 2s")),
    ...thresholds,
    gate: optional(bool("send no traffic before the first result; default `health.gate`")),
  },
);

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
  interval: optional(dur("interval between probes; default 30s, in a list `health.interval`")),
  timeout: optional(dur("timeout for an answer; default `health.timeout`, else 5s")),
  services: strings("probe all instances of these services; in a list, empty = of all services"),
  path: optional(str("http probes of instances: path and query; default `/health`")),
  expectedStatus: statuses("http: statuses that count as success; default `200-299`"),
  ...thresholds,
  config: object("Target of the check", {
    url: str("http: complete URL", ""),
    address: str("tcp, grpc: `host:port`", ""),
    service: str("grpc: service name to check; empty = the server as a whole", ""),
    command: str("exec: absolute path of a program in `health.execAllow`", ""),
    args: strings("exec: its arguments"),
    path: optional(str("same as `path` above")),
    expectedStatus: statuses("same as `expectedStatus` above"),
    type: optional(
      oneOf(
        "probe every instance of the service this check is named after, with the type of the check (`service`) or with this type",
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
  "checks by name; those with `url`, `address` or `command` are shown on the health page, the others take failing instances out of service. A list probes instances only",
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
export const health = object("Health paths, and checks of instances and of dependencies of the gateway", {
  enabled: optional(
    bool(
      "true: health paths take precedence over routes; false: they are not served; absent: served if no route matches",
    ),
  ),
  healthPath: urlPath("overall state", "/health"),
  readyPath: urlPath("readiness", "/ready"),
  livePath: urlPath("liveness", "/live"),
  interval: dur("interval between probes, ± 10 %", 10_000),
  timeout: optional(dur("timeout for an answer; default 2s for `instances[].health`, 5s for `checks`")),
  unhealthyThreshold: int("consecutive failures that make an instance unhealthy", 3, 1),
  healthyThreshold: int("consecutive successes that make it healthy again; a new instance needs one", 2, 1),
  gate: bool("send no traffic to new instances before their first result", false),
  execAllow: strings("absolute paths of the programs that exec probes may run; empty = none"),
  checks,
});

/** `instances[].health` in its long form. */
export type ProbeSection = Infer<typeof probe>;
