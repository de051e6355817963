// The services listed in the configuration itself: a registry whose list changes only with the file.
import type { Registry, ServiceList } from "../core/registry.ts";

/** @param services the list as configured */
export function staticRegistry(services: ServiceList): Registry {
  return {
    kind: "static",
    list: () => services,
    watch: () => () => undefined, // a reload makes a new registry
  };
}
