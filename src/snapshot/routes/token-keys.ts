// Keys that tokens are verified with. Those that are fetched are kept over reloads.
import { createHash } from "node:crypto";
import { type KeySource, keyOfSecret, keysOfPem, keysOfSet } from "../../auth/jwt/keys.ts";
import { type FetchObserver, RemoteKeys } from "../../auth/jwt/remote-keys.ts";
import type { KeySettings } from "../../auth/jwt/settings.ts";
import { StaticKeys } from "../../auth/jwt/static-keys.ts";
import { fetchJson, type ProviderAccess } from "../../auth/provider-fetch.ts";
import { systemClock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Build } from "../runtime.ts";

/** The keys that settings name; a set that is published is fetched from now on. */
export function keySource(keys: KeySettings, build: Build): KeySource {
  switch (keys.kind) {
    case "pem":
      return new StaticKeys(keysOfPem(keys.text), false);
    case "secret":
      return new StaticKeys([keyOfSecret(keys.text)], false);
    case "set":
      return new StaticKeys([...keysOfSet(JSON.parse(keys.text)).values()], true);
    case "url": {
      const { url, access, cacheMs } = keys;
      const name = `${url}|${cacheMs}|${accessDigest(access)}`;
      return publishedKeys(build, name, { url: shownUrl(url) }, cacheMs, (signal) => fetchJson(url, access, signal));
    }
  }
}

/**
 * A set that is published.
 * @param name equal for sets that are the same
 * @param shown what log lines say of it
 */
export function publishedKeys(
  { leases, runtime }: Build,
  name: string,
  shown: Readonly<Record<string, string>>,
  cacheMs: number,
  fetch: (signal: AbortSignal) => Promise<unknown>,
): KeySource {
  return leases.lease(
    `jwks|${name}`,
    () => new RemoteKeys(fetch, cacheMs, systemClock, observerOf(shown, runtime.log)),
    (source) => source.close(),
  );
}

/** Stands for a way to a provider in names of leases, which must not have passwords in them. */
export function accessDigest({ ca, proxy }: ProviderAccess): string {
  return createHash("sha256").update(`${proxy}\n${ca}`).digest("hex");
}

/** Without its query, which may hold a secret. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** Logs when keys cannot be fetched and when they can again, and not each try between. */
function observerOf(shown: Readonly<Record<string, string>>, log: Log): FetchObserver {
  let down = false;
  return {
    failed(error) {
      if (!down) log.warn("Keys of an issuer cannot be fetched", { ...shown, error: error.message });
      down = true;
    },
    recovered(keys) {
      if (down) log.info("Keys of an issuer are there again", { ...shown, keys });
      else log.debug?.("Keys of an issuer fetched", { ...shown, keys });
      down = false;
    },
  };
}
