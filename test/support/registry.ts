// A registry that lists what a test tells it, and the catalog with a kind more.
import { after, before } from "node:test";
import { REGISTRIES, REGISTRY_NAMES } from "../../src/catalog.ts";
import type { EndpointSpec } from "../../src/core/endpoint.ts";
import type { Fragment, Registry, RegistryChange, RegistryKind, ServiceList } from "../../src/core/registry.ts";

/** Changes when it is told to. */
export class ToldRegistry implements Registry {
  readonly name = "told";
  readonly trouble = null;
  readonly #listeners = new Set<(changed: RegistryChange) => void>();
  #list: ServiceList;
  #fragments: readonly Fragment[] = [];
  closed = false;

  constructor(list: ServiceList = []) {
    this.#list = list;
  }

  /** How many listen. */
  get watchers(): number {
    return this.#listeners.size;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  list(): ServiceList {
    return this.#list;
  }

  fragments(): readonly Fragment[] {
    return this.#fragments;
  }

  watch(listener: (changed: RegistryChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.closed = true;
    this.#listeners.clear();
  }

  /** One service has these endpoints from now on, and the others are as they were. */
  put(name: string, endpoints: readonly EndpointSpec[]): void {
    this.#list = [...this.#list.filter((entry) => entry.name !== name), { name, endpoints }];
    this.#tell("endpoints");
  }

  /** A service is listed no more. */
  drop(name: string): void {
    this.#list = this.#list.filter((entry) => entry.name !== name);
    this.#tell("endpoints");
  }

  bring(fragments: readonly Fragment[]): void {
    this.#fragments = fragments;
    this.#tell("fragments");
  }

  #tell(changed: RegistryChange): void {
    for (const listener of [...this.#listeners]) listener(changed);
  }
}

/** Has `registry.type: name` known while the tests of a file run, as one line in `src/catalog.ts` does for all. */
export function addRegistry(name: string, kind: RegistryKind): void {
  const kinds: Record<string, RegistryKind> = REGISTRIES;
  const names = REGISTRY_NAMES as string[];
  before(() => {
    kinds[name] = kind;
    names.push(name);
  });
  after(() => {
    delete kinds[name];
    names.splice(names.indexOf(name), 1);
  });
}
