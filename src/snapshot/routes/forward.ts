// Compiles `auth.forward` into the method, with its connection pool, which outlives reloads.
import type { Authenticator } from "../../auth/authenticator.ts";
import { forward } from "../../auth/forward/authenticator.ts";
import type { ForwardService } from "../../auth/forward/settings.ts";
import { HttpConnector } from "../../connectors/http/connector.ts";
import type { HttpClientOptions } from "../../connectors/http/options.ts";
import { systemClock } from "../../core/clock.ts";
import { Episode } from "../../core/episode.ts";
import { originCheck } from "../../websocket/origin.ts";
import { authorityOf } from "../../wire/authority.ts";
import { DEFAULT_TLS } from "../../wire/secure.ts";
import { digest } from "../digest.ts";
import type { Build } from "../runtime.ts";

/** Idle connections are closed after this long, ms. */
const IDLE_MS = 60_000;
const FAILURE = {
  begins: "Checks by an authorization service fail",
  passed: "Checks by the authorization service succeed again",
};

/** Makes the method. @param name of the service; "" = `auth.forward` itself */
export function forwardMethod({ config, runtime, leases }: Build, name: string): Authenticator {
  const service = config.auth.forward![name]!;
  const { scheme, address, port } = service.place;
  const options = optionsOf(service);
  const pool = leases.lease(
    `auth-pool|${scheme}|${address}|${port}|${digest(options)}`,
    () => runtime.pools.add(service.place, options),
    (made) => runtime.pools.remove(made),
  );
  const episode = leases.lease(
    `auth-episode|${service.name}`,
    () => new Episode(runtime.log, systemClock, FAILURE),
    () => undefined,
  );
  const defaults = { host: authorityOf(service.place), dropAcceptEncoding: false, maxUpgrades: 0 };
  const method = forward(service, new HttpConnector(pool, defaults, { open: 0 }), {
    checkOrigin: originCheck(config.frontend.websocket.allowedOrigins),
    failed: (why) => episode.note({ service: service.name, reason: why }),
  });
  return { ...method, variant: name };
}

/** `timeoutMs` limits the whole check. */
function optionsOf({ maxConnections, timeoutMs, ca }: ForwardService): HttpClientOptions {
  return {
    maxIdlePerHost: maxConnections,
    maxPerHost: maxConnections,
    idleTimeoutMs: IDLE_MS,
    probeMs: 0,
    dialTimeoutMs: timeoutMs,
    tlsTimeoutMs: timeoutMs,
    headTimeoutMs: 0,
    continueTimeoutMs: 0,
    tls: ca === "" ? DEFAULT_TLS : { ...DEFAULT_TLS, material: { ca } },
  };
}
