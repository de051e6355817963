// A source of services: says which endpoints exist and what routes they ask for, whole states at a time, the latest wins.
import type { EndpointSpec } from "./endpoint.ts";

/** One service as a registry knows it. */
interface ServiceEntry {
  readonly name: string;
  readonly endpoints: readonly EndpointSpec[];
}

/** Everything a registry knows at one moment. */
export type ServiceList = readonly ServiceEntry[];

/** What of a registry has changed. */
export type RegistryChange = "endpoints" | "fragments";

/** Static list, container engine or cluster. One is kept over reloads that leave its settings alone. */
export interface Registry {
  /** For log lines and views: its kind. */
  readonly name: string;
  /**
   * Resolves when there is a first list, or when it is known that there is none for now; then {@link trouble} says why, and the
   * registry goes on trying. To be awaited before every use: once it has started, it resolves at once.
   */
  start(): Promise<void>;
  /** The last good list. A failure keeps it, an empty list that was received is believed. */
  list(): ServiceList;
  /** Pieces of configuration that belong to the same state as {@link list}. */
  fragments(): readonly Fragment[];
  /** Calls `listener` after each change. Several at once are worth one call. @returns stops it */
  watch(listener: (changed: RegistryChange) => void): () => void;
  /** Why the list may be out of date; null: it is not. */
  readonly trouble: string | null;
  /** Stops it: no listener is called any more. */
  close(): void;
}

/** A kind of registry. */
export interface RegistryKind {
  /** Whether services may come that are not known when the configuration is loaded: naming one is no error then. */
  readonly mayGrow: boolean;
  /** @param services those of the configuration itself. A kind that may grow need not list them: they come before its own */
  make(services: ServiceList): Registry;
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
