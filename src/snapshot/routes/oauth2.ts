// Compiles OAuth 2 providers: their metadata, keys and introspection, which outlive reloads.
import { Issuer } from "../../auth/jwt/issuer.ts";
import { keyOfSecret } from "../../auth/jwt/keys.ts";
import { StaticKeys } from "../../auth/jwt/static-keys.ts";
import { Introspection, type IntrospectionSource } from "../../auth/oauth2/introspection.ts";
import { ProviderDirectory } from "../../auth/oauth2/provider-metadata.ts";
import type { ProviderSettings } from "../../auth/oauth2/settings.ts";
import { fetchAnswer, fetchJson, jsonOf } from "../../auth/provider-fetch.ts";
import { systemClock } from "../../core/clock.ts";
import { digest } from "../digest.ts";
import type { Build } from "../runtime.ts";
import { OutageLog } from "./outage-log.ts";
import { keySource, publishedKeys, shownUrl } from "./token-keys.ts";

const METADATA = {
  failed: "Metadata of a provider cannot be fetched",
  recovered: "Metadata of a provider can be fetched again",
  fine: "Metadata of a provider fetched",
};
const TOKENS = {
  failed: "Tokens cannot be introspected",
  recovered: "Tokens can be introspected again",
  fine: "A token was introspected",
};

/** The metadata of a provider, shared by all users and reloads as long as its settings are the same. */
export function providerDirectory({ metadata, name }: ProviderSettings, { leases, runtime }: Build): ProviderDirectory {
  return leases.lease(
    `oauth2-provider|${digest(metadata)}`,
    () => {
      const log = new OutageLog(runtime.log, METADATA, { provider: name, url: shownUrl(metadata.discoveryUrl) });
      return new ProviderDirectory(metadata, systemClock, log);
    },
    (directory) => directory.close(),
  );
}

/** The provider as an issuer of signed tokens; null: its tokens cannot be verified. */
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
      directory.expire(); // the keys may have moved
      throw error;
    }
  };
  return new Issuer(issuer, publishedKeys(build, digest([metadata, keysMs]), { provider: name }, keysMs, fetch));
}

/** Introspection at the provider; null: it is not used. */
export function providerIntrospection(provider: ProviderSettings, build: Build): Introspection | null {
  if (!provider.introspects) return null;
  const { access } = provider.metadata;
  const directory = providerDirectory(provider, build);
  return build.leases.lease(
    `oauth2-introspection|${digest(provider)}`,
    () => {
      const log = new OutageLog(build.runtime.log, TOKENS, { provider: provider.name });
      const source: IntrospectionSource = {
        async ask(request, signal) {
          const url = await directory.endpoint("introspectionEndpoint", signal);
          if (url === "") return null;
          const answer = await fetchAnswer(url, access, signal, request);
          return answer.status === 400 ? null : jsonOf(answer);
        },
        now: () => performance.now(),
        wallClock: Date.now,
        failed: (error) => log.failed(error),
        answered: () => log.recovered(),
      };
      return new Introspection(provider, source);
    },
    (introspection) => introspection.close(),
  );
}
