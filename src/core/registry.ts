// A source of services: says who exists, whole lists at a time, the latest wins.
import type { EndpointSpec } from "./service.ts";

/** One service as a registry knows it. */
export interface ServiceEntry {
  readonly name: string;
  readonly endpoints: readonly EndpointSpec[];
}

/** Everything a registry knows at one moment. */
export type ServiceList = readonly ServiceEntry[];

/** Static list, container engine or cluster. */
export interface Registry {
  readonly kind: string;
  /** Last good list. */
  list(): ServiceList;
  /** Calls `changed` after each new list. @returns stops watching */
  watch(changed: (list: ServiceList) => void): () => void;
}
