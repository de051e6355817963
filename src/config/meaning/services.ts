// Infers ids, ports, schemes and protocols of the services, and checks them.
import type { EndpointSpec } from "../../core/endpoint.ts";
import { isUnixSocket } from "../../wire/unix-socket.ts";
import type { ServiceConfig } from "../config.ts";
import type { InstanceSection } from "../schema/registry.ts";
import { Claims } from "../text/claims.ts";
import type { Position } from "../text/problem.ts";
import type { Draft } from "./draft.ts";
import { mayGrow } from "./known.ts";
import { isReserved } from "./llm/services.ts";

/** Service name of the gateway's own answers. */
export const INTERNAL = "_internal";

const EXAMPLE = "write instances: [ { address: 10.0.0.1, port: 3000 } ]";

/** Infers and checks the services of the static registry. */
export function readServices(draft: Draft): ServiceConfig[] {
  const { problems } = draft;
  const sections = draft.written.registry.static.services;
  const base = ["registry", "static", "services"];
  const claims = new Claims(problems);
  return sections.map((section, i) => {
    const at = draft.at([...base, i]);
    // Missing and refused values are reported already; no error is added that only follows from them.
    const isNamed = section.name !== undefined;
    if (isNamed) claims.claim(section.name, at, `service "${section.name}"`);
    if (section.name === INTERNAL) problems.error(at, `"${INTERNAL}" is reserved for the gateway's own answers`);
    if (isNamed && isReserved(section.name)) problems.error(at, `"${section.name}" is reserved for providers in llm`);
    const instancesAt = draft.at([...base, i, "instances"]);
    if (section.instances.length === 0 && !mayGrow(draft) && isNamed && !problems.saidAt(instancesAt)) {
      problems.error(at, `service "${section.name}" has no instances; ${EXAMPLE}`);
    }
    const ids = new Claims(problems);
    const endpoints = section.instances.map((instance, j) => {
      const endpoint = readInstance(section.name, section.type, instance);
      const place = draft.at([...base, i, "instances", j]);
      if (instance.address !== undefined) ids.claim(endpoint.id, place, `instance "${endpoint.id}"`);
      if (endpoint.port === 0) checkSocket(draft, instance, place);
      return endpoint;
    });
    return { name: section.name, at, endpoints };
  });
}

function readInstance(service: string, type: "http" | "grpc", instance: InstanceSection): EndpointSpec {
  const written = instance.scheme ?? (instance.protocol === "https" || instance.port === 443 ? "https" : "http");
  const scheme = written === "https" ? "https" : "http";
  const grpc = instance.protocol === "grpc" || (instance.protocol === null && type === "grpc");
  const socket = instance.address !== undefined && isUnixSocket(instance.address);
  const port = socket ? 0 : (instance.port ?? (scheme === "https" ? 443 : 80));
  return {
    id: instance.id || `${service}-${instance.address}${socket ? "" : `-${port}`}`,
    address: instance.address,
    port,
    scheme,
    grpc,
    http2: grpc || written === "h2c",
    grpcPort: socket ? 0 : (grpcPort(instance.metadata.grpcPort) ?? port),
    weight: instance.weight,
    healthy: typeof instance.health !== "string" || instance.health === "healthy",
    priority: instance.priority,
    zone: instance.zone || zoneOf(instance.metadata),
    tags: instance.tags,
    metadata: instance.metadata,
  };
}

/** Refuses ports at an instance that has none. */
function checkSocket({ problems }: Draft, { port, health, metadata, address }: InstanceSection, at: Position): void {
  const named = [
    port !== null && "port",
    typeof health === "object" && health.port !== null && "health.port",
    grpcPort(metadata.grpcPort) !== null && "metadata.grpcPort",
  ].filter((key) => key !== false);
  for (const key of named) problems.error(at, `${key}: the UNIX socket ${address} has no port; remove it`);
}

/** Where older files say where an instance stands. */
function zoneOf(metadata: Readonly<Record<string, unknown>>): string {
  const place = metadata.zone ?? metadata.region;
  return typeof place === "string" || typeof place === "number" ? String(place) : "";
}

function grpcPort(written: unknown): number | null {
  const port = Number(written);
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : null;
}
