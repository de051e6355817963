// Each provider as an ordinary service with one endpoint, and the settings for requests to it.
import type { EndpointSpec } from "../../../core/endpoint.ts";
import type { ServiceConfig } from "../../config.ts";
import type { Backend } from "../../schema/backend.ts";
import { backend as backendSchema } from "../../schema/backend.ts";
import type { ProviderSection } from "../../schema/llm-providers.ts";
import { LLM } from "../../schema/router.ts";
import type { Draft } from "../draft.ts";
import type { BaseUrl } from "./base-url.ts";
import type { ReadProvider } from "./providers.ts";

/** Begins the names of services that are providers. */
const PREFIX = "llm.";

type ServiceSettings = Backend["services"][string];

/** The service of a provider. */
export function providerService(id: string): string {
  return PREFIX + id;
}

/** Whether services in the configuration must not have this name. */
export function isReserved(name: string): boolean {
  return name === LLM || name.startsWith(PREFIX);
}

/** A service for each provider. */
export function providerServices(draft: Draft, providers: readonly ReadProvider[]): ServiceConfig[] {
  return providers.map(({ settings: { id }, url }) => ({
    name: providerService(id),
    at: draft.at(["llm", "providers", id]),
    endpoints: [endpointOf(providerService(id), url)],
  }));
}

function endpointOf(service: string, { address, port, scheme }: BaseUrl): EndpointSpec {
  return {
    id: `${service}-${address}-${port}`,
    address,
    port,
    scheme,
    grpc: false,
    http2: false,
    grpcPort: port,
    weight: 1,
    healthy: true,
    priority: 0,
    zone: "",
    tags: [],
    metadata: {},
  };
}

/**
 * `backend` with the settings of providers, over which those in `backend.services` take precedence. TLS settings of other
 * services are not inherited: those of a private network would not suit providers on the internet.
 */
export function withProviders(backend: Backend, providers: Readonly<Record<string, ProviderSection>>): Backend {
  const entries = Object.entries(providers);
  if (entries.length === 0) return backend;
  const services = Object.fromEntries(
    entries.map(([id, provider]) => {
      const name = providerService(id);
      const own = Object.hasOwn(backend.services, name) ? backend.services[name]! : NOTHING;
      return [name, settingsOf(provider, own)];
    }),
  );
  const silence = entries.map(([, { idleTimeout }]) => idleTimeout);
  // Within a response, the limit of the provider that sends it holds, not that of event streams.
  const rules = {
    ...NOTHING,
    sse: { ...NOTHING.sse, enabled: true, readTimeout: silence.includes(0) ? 0 : Math.max(...silence) },
  };
  return { ...backend, services: { ...backend.services, ...services, [LLM]: rules } };
}

/** No setting that differs. */
const NOTHING: ServiceSettings = backendSchema.fields!.services!.items!.fallback as ServiceSettings;

function settingsOf({ connectTimeout, firstByteTimeout }: ProviderSection, own: ServiceSettings): ServiceSettings {
  const { tls: ownTls } = own.http;
  const tls = backendSchema.fallback!.http.tls;
  return {
    ...own,
    http: {
      ...own.http,
      dialTimeout: own.http.dialTimeout ?? connectTimeout,
      responseHeaderTimeout: own.http.responseHeaderTimeout ?? firstByteTimeout,
      preserveHost: own.http.preserveHost ?? false,
      tls: Object.fromEntries(
        Object.entries(tls).map(([key, value]) => [key, ownTls[key as keyof typeof tls] ?? value]),
      ) as typeof ownTls,
    },
  };
}
