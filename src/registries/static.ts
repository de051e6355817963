// The registry of services listed in the configuration itself. Its list never changes; a reload makes a new registry.
import type { Registry, ServiceList } from "../core/registry.ts";

/** @param services the list as configured */
export function staticRegistry(services: ServiceList): Registry {
  return {
    kind: "static",
    list: () => services,
    watch: () => () => undefined,
  };
}
