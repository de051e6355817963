// A source of services: says which endpoints exist and what routes they ask for, whole states at a time, the latest wins.
import type { EndpointSpec } from "./endpoint.ts";

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

/** One value of a {@link Fragment}. Plain data: fragments are sent to the thread that loads the configuration. */
export interface FragmentValue {
  /** Keys and list indices below `gateway`: `["router", "rules", 0, "path"]`. */
  readonly path: readonly (string | number)[];
  readonly value: string | number | boolean;
  /** Where it was found, in the words of its source: `label gateway.path`. */
  readonly place: string;
}

/** A piece of configuration that does not come from a file, such as the labels of one container. */
export interface Fragment {
  /** What it belongs to, unique among the fragments: `docker:web-1`. */
  readonly source: string;
  readonly values: readonly FragmentValue[];
}
