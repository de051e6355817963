// Where services come from: one registry for all data planes. What it lists goes into the configuration that is about to be
// applied, endpoints that change later to the data planes at once, and pieces of configuration into a reload.
import { REGISTRIES } from "../catalog.ts";
import type { Config, ServiceConfig } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import type { DataPlane, Participant } from "../core/data-plane.ts";
import type { Fragment, Registry, ServiceList } from "../core/registry.ts";

/** Shortest time between two changes of endpoints, ms: however often a registry reports, requests get their turn. */
const ENDPOINTS_MS = 20;
/** Pieces of configuration that change within this time are taken up by one reload, ms. */
const FRAGMENTS_MS = 250;

/** A registry, and what makes it the same one after a reload. */
interface Source {
  readonly key: string;
  readonly registry: Registry;
  /** Whether it lists services besides those of the configuration. */
  readonly mayGrow: boolean;
}

/** Registries of one configuration after the other; one whose settings stay is kept, with the list it has. */
export class Sources implements Participant<Config> {
  readonly #planes: readonly Pick<DataPlane<Config>, "follow">[];
  /** Of the configuration in effect. */
  #live: Source | null = null;
  /** Of the one that is being applied. */
  #next: Source | null = null;
  /** Services that the configurations bring themselves. They come before those of a registry that have the same name. */
  #liveServices: readonly ServiceConfig[] = [];
  #nextServices: readonly ServiceConfig[] = [];
  /** What the registry listed when the one that is being applied was given it. */
  #given: ServiceList = [];
  #stop: () => void = () => undefined;
  readonly #endpoints: Burst;
  readonly #fragments: Burst;

  /** @param planes told of endpoints that change @param reload asks for a reload */
  constructor(planes: readonly Pick<DataPlane<Config>, "follow">[], clock: Clock, reload: () => void) {
    this.#planes = planes;
    this.#endpoints = new Burst(clock, 0, ENDPOINTS_MS, () => this.#tell());
    this.#fragments = new Burst(clock, FRAGMENTS_MS, 0, reload);
  }

  /** The configuration with all services there are now. Waits for the first list of a registry that is new. */
  async complete(config: Config): Promise<Config> {
    const key = keyOf(config);
    if (this.#next?.key !== key) this.#drop(this.#next);
    const same = [this.#live, this.#next].find((source) => source?.key === key);
    const kind = REGISTRIES[config.registry.type];
    this.#next = same ?? { key, mayGrow: kind.mayGrow, registry: kind.make(config.services) };
    const { registry } = this.#next;
    await registry.start();
    this.#nextServices = config.services;
    this.#given = registry.list();
    return this.#given === config.services ? config : { ...config, services: together(this.#nextServices, this.#next) };
  }

  /** The current fragments of the registry, to be merged with the files. */
  get fragments(): readonly Fragment[] {
    return this.#live?.registry.fragments() ?? [];
  }

  async prepare(): Promise<void> {
    // Done by `complete`: the others are to be given what it returns.
  }

  /** A configuration that was completed is in effect. What has changed since then follows. */
  async commit(): Promise<void> {
    const [before, live] = [this.#live, this.#next!];
    this.#live = live;
    this.#liveServices = this.#nextServices;
    const { registry } = live;
    if (live !== before) {
      this.#stop();
      before?.registry.close();
      this.#stop = registry.watch((changed) => {
        if (changed === "endpoints") this.#endpoints.call();
        else this.#fragments.call();
      });
      // The configuration that names a registry is loaded before the registry can say anything.
      if (registry.fragments().length > 0) this.#fragments.call();
    }
    if (registry.list() !== this.#given) this.#endpoints.call();
  }

  async cancel(): Promise<void> {
    this.#drop(this.#next);
    this.#next = this.#live;
  }

  /** The process ends, and the registry with it. */
  close(): void {
    this.#stop();
    this.#endpoints.close();
    this.#fragments.close();
    this.#drop(this.#next);
    this.#live?.registry.close();
  }

  #tell(): void {
    const services = together(this.#liveServices, this.#live!);
    for (const plane of this.#planes) plane.follow(services);
  }

  #drop(source: Source | null): void {
    if (source !== this.#live) source?.registry.close();
  }
}

/** Equal if a registry can be kept: one that only has the configuration has nothing to keep. */
function keyOf({ registry, hash }: Config): string {
  return REGISTRIES[registry.type].mayGrow ? JSON.stringify(registry) : hash;
}

/**
 * All services. Those of a configuration come before those that a registry finds by the same name; what becomes of them in a
 * registry that finds none is for it to say.
 */
function together(own: readonly ServiceConfig[], { registry, mayGrow }: Source): readonly ServiceConfig[] {
  const list = registry.list();
  if (list === own) return own;
  const places = new Map(own.map(({ name, at }) => [name, at]));
  const nowhere = { file: registry.name, line: 0, column: 0 };
  const placed = list.map((entry) => ({ ...entry, at: places.get(entry.name) ?? nowhere }));
  return mayGrow ? [...own, ...placed.filter(({ name }) => !places.has(name))] : placed;
}

/** Does something once for all calls that come close together. */
class Burst {
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #gapMs: number;
  readonly #run: () => void;
  #ranAt = Number.NEGATIVE_INFINITY;
  #callOff: (() => void) | null = null;

  /** @param waitMs from the first call on @param gapMs from one time to the next, at least */
  constructor(clock: Clock, waitMs: number, gapMs: number, run: () => void) {
    this.#clock = clock;
    this.#waitMs = waitMs;
    this.#gapMs = gapMs;
    this.#run = run;
  }

  call(): void {
    const clock = this.#clock;
    this.#callOff ??= clock.after(Math.max(this.#waitMs, this.#ranAt + this.#gapMs - clock.now()), () => {
      this.#callOff = null;
      this.#ranAt = clock.now();
      this.#run();
    });
  }

  close(): void {
    this.#callOff?.();
  }
}
