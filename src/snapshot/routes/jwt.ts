// `auth.jwt` → the method, with the keys of its issuers. Keys that are fetched are kept over reloads.
import { createHash } from "node:crypto";
import type { Authenticator } from "../../auth/authenticator.ts";
import { jwt } from "../../auth/jwt/authenticator.ts";
import { Issuer } from "../../auth/jwt/issuer.ts";
import { type KeySource, keyOfSecret, keysOfPem, keysOfSet } from "../../auth/jwt/keys.ts";
import { RemoteKeys } from "../../auth/jwt/remote-keys.ts";
import type { KeySettings } from "../../auth/jwt/settings.ts";
import { StaticKeys } from "../../auth/jwt/static-keys.ts";
import { fetchJson } from "../../auth/provider-fetch.ts";
import { systemClock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Build } from "../runtime.ts";

/** Makes the method; a set of keys that is published is fetched from now on. */
export function jwtMethod(build: Build): Authenticator {
  const settings = build.config.auth.jwt!;
  const issuers = settings.issuers.map(({ keys, ...issuer }) => new Issuer(issuer, sourceOf(keys, build)));
  return jwt(settings, issuers);
}

function sourceOf(keys: KeySettings, { leases, runtime }: Build): KeySource {
  switch (keys.kind) {
    case "pem":
      return new StaticKeys(keysOfPem(keys.text), false);
    case "secret":
      return new StaticKeys([keyOfSecret(keys.text)], false);
    case "set":
      return new StaticKeys([...keysOfSet(JSON.parse(keys.text)).values()], true);
    case "url": {
      const { url, ca, cacheMs } = keys;
      const trust = createHash("sha256").update(ca).digest("hex");
      return leases.lease(
        `jwks|${url}|${cacheMs}|${trust}`,
        () =>
          new RemoteKeys((signal) => fetchJson(url, ca, signal), cacheMs, systemClock, observerOf(url, runtime.log)),
        (source) => source.close(),
      );
    }
  }
}

/** Logs when keys cannot be fetched and when they can again, and not each try between. */
function observerOf(url: string, log: Log): ConstructorParameters<typeof RemoteKeys>[3] {
  const { origin, pathname } = new URL(url);
  const at = origin + pathname; // a query may hold a secret
  let down = false;
  return {
    failed(error) {
      if (!down) log.warn("Keys of an issuer cannot be fetched", { url: at, error: error.message });
      down = true;
    },
    recovered(keys) {
      if (down) log.info("Keys of an issuer are there again", { url: at, keys });
      else log.debug?.("Keys of an issuer fetched", { url: at, keys });
      down = false;
    },
  };
}
