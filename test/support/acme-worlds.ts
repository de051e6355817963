// What tests of issuers need around them: stores, doors at which authorities ask, authorities, and what stands before them.
import { readFileSync } from "node:fs";
import type { AcmeSettings } from "../../src/acme/settings.ts";
import { StoreFolder, settingsFor, startIssuer, type TestIssuer } from "./acme.ts";
import { type AcmeProxy, startAcmeProxy } from "./acme-proxy.ts";
import { makeAuthority, makeCertificate } from "./certificates.ts";
import { type ChallengeDoors, openDoors } from "./challenge-doors.ts";
import { type Pebble, type PebbleSetup, startPebble } from "./pebble.ts";

/** An authority that asks at doors with a store behind them. */
export interface World {
  readonly folder: StoreFolder;
  readonly doors: ChallengeDoors;
  readonly pebble: Pebble;
}

/** A world whose authority is asked through a proxy. */
export interface ProxiedWorld extends World {
  readonly proxy: AcmeProxy;
  /** For the proxy. */
  readonly settings: AcmeSettings;
}

interface Closable {
  close(): Promise<unknown> | unknown;
}

/** Closes what it has opened. */
export class Worlds {
  readonly #open: Closable[] = [];

  keep<T extends Closable>(one: T): T {
    this.#open.push(one);
    return one;
  }

  async make(setup: PebbleSetup & { readonly names: readonly string[] }): Promise<World> {
    const folder = this.keep(new StoreFolder());
    const doors = this.keep(await openDoors(folder.open(), setup.names));
    const pebble = this.keep(await startPebble({ httpPort: doors.httpPort, tlsPort: doors.tlsPort, ...setup }));
    return { folder, doors, pebble };
  }

  async proxied(setup: PebbleSetup & { readonly names: readonly string[] }): Promise<ProxiedWorld> {
    const world = await this.make(setup);
    const files = this.keep(new StoreFolder());
    const anchor = makeAuthority(files.path, "anchor");
    const own = makeCertificate(files.path, "proxy", anchor, ["IP:127.0.0.1"]);
    const proxy = this.keep(await startAcmeProxy(world.pebble, own));
    const settings = settingsFor({ directory: proxy.directory, ca: readFileSync(anchor.cert, "utf8") });
    return { ...world, proxy, settings };
  }

  start(...args: Parameters<typeof startIssuer>): TestIssuer {
    const started = startIssuer(...args);
    this.keep(started.issuer);
    return started;
  }

  async close(): Promise<void> {
    for (const one of this.#open.splice(0).reverse()) await one.close();
  }
}
