// `backend.services`: the settings for requests to each service.
import type { Backend } from "../schema/backend.ts";
import { checkInherited } from "../schema/inherit.ts";
import { withOverride } from "../schema/overrides.ts";
import type { Written } from "../schema/root.ts";
import { LLM } from "../schema/router.ts";
import type { Draft } from "./draft.ts";
import type { Known } from "./known.ts";

/** Settings for calls to one service, or to all that are not in `backend.services`. */
export type ServiceBackend = Omit<Backend, "services">;

const NONE: ReadonlySet<string> = new Set();
const made = new WeakMap<Backend, Map<string, ServiceBackend>>();

/** Settings for calls to a service. Repeated calls with the same configuration and service return the same object. */
export function backendOf({ backend }: Pick<Written, "backend">, service: string): ServiceBackend {
  if (!Object.hasOwn(backend.services, service)) return backend;
  let known = made.get(backend);
  if (known === undefined) made.set(backend, (known = new Map()));
  let own = known.get(service);
  if (own === undefined) {
    const { services, ...all } = backend;
    const { http, grpc, ...over } = services[service]!;
    const inherited = { maxIdleConns: null };
    const { descriptors } = all.grpc;
    own = withOverride<ServiceBackend>(all, {
      ...over,
      http: { ...http, ...inherited },
      grpc: { ...grpc, descriptors },
    });
    known.set(service, own);
  }
  return own;
}

/** Whether a service has TLS settings of its own in a section. */
export function hasOwnTls({ backend }: Pick<Written, "backend">, service: string, section: "http" | "grpc"): boolean {
  const own = Object.hasOwn(backend.services, service) ? backend.services[service]![section].tls : {};
  return Object.values(own).some((value) => value !== null);
}

/** Reports settings for services that do not exist. */
export function checkBackends({ written, tree, problems }: Draft, { serviceNames }: Known): void {
  const { [LLM]: _, ...services } = written.backend.services;
  checkInherited("backend", { services, routes: {} }, { services: serviceNames, routes: NONE }, tree, problems);
}
