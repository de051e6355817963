// Compiles the keys of issuers. Fetched keys outlive reloads.
import { type KeySource, keyOfSecret, keysOfPem, keysOfSet } from "../../auth/jwt/keys.ts";
import { RemoteKeys } from "../../auth/jwt/remote-keys.ts";
import type { KeySettings } from "../../auth/jwt/settings.ts";
import { StaticKeys } from "../../auth/jwt/static-keys.ts";
import { fetchJson } from "../../auth/provider-fetch.ts";
import { systemClock } from "../../core/clock.ts";
import { digest } from "../digest.ts";
import type { Build } from "../runtime.ts";
import { OutageLog } from "./outage-log.ts";

const WORDS = {
  failed: "Keys of an issuer cannot be fetched",
  recovered: "Keys of an issuer can be fetched again",
  fine: "Keys of an issuer fetched",
};

/** The configured keys; starts to fetch a published set. */
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
      const fetch = (signal: AbortSignal) => fetchJson(url, access, signal);
      return publishedKeys(build, digest(keys), { url: shownUrl(url) }, cacheMs, fetch);
    }
  }
}

/**
 * A published set.
 * @param name equal for the same set
 * @param facts fields of log lines
 */
export function publishedKeys(
  { leases, runtime }: Build,
  name: string,
  facts: Readonly<Record<string, string>>,
  cacheMs: number,
  fetch: (signal: AbortSignal) => Promise<unknown>,
): KeySource {
  return leases.lease(
    `jwks|${name}`,
    () => {
      const log = new OutageLog(runtime.log, WORDS, facts);
      return new RemoteKeys(fetch, cacheMs, systemClock, {
        failed: (error) => log.failed(error),
        recovered: (keys) => log.recovered({ keys }),
      });
    },
    (source) => source.close(),
  );
}

/** A URL without its query, which may contain a secret; "" is returned unchanged. */
export function shownUrl(url: string): string {
  if (url === "") return "";
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
