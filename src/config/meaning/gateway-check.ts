// Health checks that name their target by URL, address or command. They count for the health of the gateway, not of
// instances.
import { hostPort } from "../../wire/authority.ts";
import type { CheckSection } from "../schema/health.ts";
import { hostPortMeant } from "../schema/hosts.ts";
import type { Position, Problems } from "../text/problem.ts";
import type { Draft } from "./draft.ts";
import type { FreeProbe } from "./health-config.ts";
import { rangesOf, requireAllowed } from "./probe-parts.ts";

/** Which key of `config` says where a probe of that type goes. */
const TARGET = { http: "url", tcp: "address", grpc: "address", exec: "command" } as const;
/** What each type reads of `config` beside that. */
const FURTHER: Readonly<Record<CheckSection["type"], readonly string[]>> = {
  http: ["path", "expectedStatus"],
  tcp: [],
  grpc: ["service"],
  exec: ["args"],
};

/** Returned for an invalid probe; it is never compiled, since the configuration is refused. */
const NOWHERE: FreeProbe = { type: "tcp", address: "", port: 0 };

/** The probe of such a check; null when the check is of instances. */
export function gatewayCheck(section: CheckSection, at: Position, draft: Draft): FreeProbe | null {
  const { config } = section;
  const { problems } = draft;
  const wrong = (what: string) => problems.error(at, `check "${section.name}": ${what}`);
  const ofInstances = section.listed || section.services.length > 0 || config.type !== null;
  const type = config.type === null || config.type === "service" ? section.type : config.type;
  const target = TARGET[type];
  for (const key of ["url", "address", "command"] as const) {
    const foreign = key !== target || (ofInstances && key !== "command");
    if (config[key] !== "" && foreign) {
      wrong(ofInstances ? `probes instances and cannot have "config.${key}"` : `type ${type} does not read ${key}`);
    }
  }
  for (const key of ["path", "expectedStatus", "service", "args"] as const) {
    const value = key === "path" || key === "expectedStatus" ? [section[key], config[key]] : [config[key]];
    const given = value.filter((v) => v !== null && v.length > 0);
    if (given.length > 0 && !FURTHER[type].includes(key)) wrong(`type ${type} does not read ${key}`);
    if (given.length > 1) wrong(`${key} is written twice`);
  }
  if (ofInstances) return null;
  if (config[target] === "") {
    const kind = type === "exec" ? "config.command" : `config.${target}, or config.type: service to probe instances`;
    wrong(`needs ${kind}`);
    return NOWHERE;
  }
  if (type === "exec") {
    requireAllowed(config.command, at, draft);
    return { type, command: config.command, args: config.args };
  }
  if (type === "http") {
    if ((config.path ?? section.path) !== null) wrong("the path is part of config.url");
    requireUrl(config.url, at, problems);
    return { type, url: config.url, expectedStatus: rangesOf([...section.expectedStatus, ...config.expectedStatus]) };
  }
  const place = hostPort(config.address);
  if (place === null) {
    wrong(`"${config.address}" is not host:port${hostPortMeant(config.address)}`);
    return NOWHERE;
  }
  const { host: address, port } = place;
  return type === "tcp" ? { type, address, port } : { type, address, port, service: config.service };
}

function requireUrl(text: string, at: Position, problems: Problems): void {
  const url = URL.canParse(text) ? new URL(text) : null;
  const fine = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  if (!fine) problems.error(at, `health: "${text}" is not an http or https URL without user and password`);
}
