// The registry of services listed in the configuration itself. Its list never changes; a reload makes a new registry.
import type { RegistryKind } from "../core/registry.ts";

/** `registry.type: static`. */
export const staticRegistry: RegistryKind = {
  mayGrow: false,
  make: (services) => ({
    name: "static",
    start: () => Promise.resolve(),
    list: () => services,
    fragments: () => [],
    watch: () => () => undefined,
    trouble: null,
    close: () => undefined,
  }),
};
