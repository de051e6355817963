// Compiles the ACME accounts of a configuration.
import type { AcmeSettings, NameSet, StoreSettings } from "../acme/settings.ts";
import type { AcmeConfig, Config } from "../config/config.ts";
import { redisOptions } from "./redis-options.ts";

/** An account, and the certificates ordered with it. */
export interface AcmeAccount {
  readonly settings: AcmeSettings;
  readonly sets: readonly NameSet[];
}

/** All accounts of a configuration. */
export function acmeAccounts(config: Pick<Config, "acme" | "tlsFiles">): readonly AcmeAccount[] {
  return config.acme.map(({ sets, store, ...settings }) => ({
    sets,
    settings: { ...settings, store: storeOf(store, config) },
  }));
}

function storeOf(store: AcmeConfig["store"], config: Pick<Config, "tlsFiles">): StoreSettings {
  if (store.kind === "folder") return store;
  return { kind: "redis", name: store.name, redis: redisOptions(store.redis, config) };
}
