// Providers of OAuth 2 → their metadata and keys, which are kept over reloads.
import { createHash } from "node:crypto";
import { Issuer } from "../../auth/jwt/issuer.ts";
import { keyOfSecret } from "../../auth/jwt/keys.ts";
import { StaticKeys } from "../../auth/jwt/static-keys.ts";
import { type MetadataObserver, ProviderDirectory } from "../../auth/oauth2/provider-metadata.ts";
import type { ProviderSettings } from "../../auth/oauth2/settings.ts";
import { fetchJson } from "../../auth/provider-fetch.ts";
import { systemClock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Build } from "../runtime.ts";
import { keySource, publishedKeys, shownUrl } from "./token-keys.ts";

/** What is known of a provider; the same for all who ask while its settings stay the same. */
export function providerDirectory({ metadata, name }: ProviderSettings, { leases, runtime }: Build): ProviderDirectory {
  return leases.lease(
    `oauth2-provider|${digestOf(metadata)}`,
    () => new ProviderDirectory(metadata, systemClock, observerOf(name, metadata.discoveryUrl, runtime.log)),
    (directory) => directory.close(),
  );
}

/** The provider as an issuer of signed tokens; null: it signs none that could be verified. */
export function providerIssuer(provider: ProviderSettings, build: Build): Issuer | null {
  const { issuer, keys, keysMs, clientSecret, metadata, name } = provider;
  const { endpoints, access } = metadata;
  if (keys === "none") return null;
  if (keys === "secret") return new Issuer(issuer, new StaticKeys([keyOfSecret(clientSecret)], false));
  if (endpoints.jwksUri !== "")
    return new Issuer(issuer, keySource({ kind: "url", url: endpoints.jwksUri, access, cacheMs: keysMs }, build));
  const directory = providerDirectory(provider, build);
  const fetch = async (signal: AbortSignal) => {
    const url = await directory.endpoint("jwksUri", signal);
    if (url === "") throw new Error("the provider publishes no keys");
    try {
      return await fetchJson(url, access, signal);
    } catch (error) {
      directory.doubt(); // they may have moved
      throw error;
    }
  };
  const leased = `${digestOf(metadata)}|${keysMs}`;
  return new Issuer(issuer, publishedKeys(build, leased, { provider: name }, keysMs, fetch));
}

function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** Logs when a provider cannot be asked and when it can again, and not each try between. */
function observerOf(provider: string, url: string, log: Log): MetadataObserver {
  let down = false;
  return {
    failed(error) {
      const shown = { provider, url: shownUrl(url), error: error.message };
      if (!down) log.warn("Metadata of a provider cannot be fetched", shown);
      down = true;
    },
    recovered() {
      if (down) log.info("Metadata of a provider are there again", { provider });
      else log.debug?.("Metadata of a provider fetched", { provider });
      down = false;
    },
  };
}
