// A source of services: lists endpoints and the routes they declare, always as a complete state.
import type { EndpointSpec } from "./endpoint.ts";

/** One service in a registry. */
interface ServiceEntry {
  readonly name: string;
  readonly endpoints: readonly EndpointSpec[];
}

/** The complete list of a registry at one moment. */
export type ServiceList = readonly ServiceEntry[];

/** What of a registry has changed. */
export type RegistryChange = "endpoints" | "fragments";

/** Static list, container engine or cluster. One is kept over reloads that leave its settings alone. */
export interface Registry {
  /** For log lines and views: its kind. */
  readonly name: string;
  /**
   * Resolves when there is a first list, or when none is available for now; then {@link trouble} has the reason, and
   * the registry keeps trying. Await it before every use: once started, it resolves at once.
   */
  start(): Promise<void>;
  /** The last good list. It is kept on failure; a received empty list is accepted. */
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
  /**
   * Whether services may appear after the configuration is loaded: then referring to an unknown one is not an error.
   */
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
  /** Its source, unique among the fragments: `docker:web-1`. */
  readonly source: string;
  readonly values: readonly FragmentValue[];
}
