// Finds the TLS blocks that are in use, and checks their settings.

import type { Config } from "../config.ts";
import type { ListenerTls } from "../schema/listener-tls.ts";
import type { Written } from "../schema/root.ts";
import type { UpstreamTls } from "../schema/upstream-tls.ts";
import { type Draft, dotted, type Place, placeOfKey } from "./draft.ts";
import type { Known } from "./known.ts";

/** Sections with certificates that are shown to clients and operators. */
export type Listeners = Pick<Config, "listeners" | "management">;

/** A block that is enabled, and where it is written. */
interface TlsBlock<T> {
  readonly place: Place;
  readonly tls: T;
}

/** Every enabled block of certificates shown to clients and operators. */
export function listenerBlocks({ listeners, management }: Listeners): readonly TlsBlock<ListenerTls>[] {
  const clients = listeners
    .filter(({ tls }) => tls.enabled)
    .map(({ key, tls }) => ({ place: [...placeOfKey(key), "tls"], tls }));
  const operators = management.enabled && management.tls.enabled;
  return operators ? [...clients, { place: ["management", "tls"], tls: management.tls }] : clients;
}

/** Every enabled block of trust in services. */
export function upstreamBlocks({ backend }: Pick<Written, "backend">): readonly TlsBlock<UpstreamTls>[] {
  return Object.entries({ http: backend.http, grpc: backend.grpc })
    .filter(([, section]) => section.tls.enabled)
    .map(([name, section]) => ({ place: ["backend", name, "tls"], tls: section.tls }));
}

/** Checks every enabled block but its files. */
export function checkTls(draft: Draft, { listeners: all }: Known): void {
  const listeners = listenerBlocks({ ...draft.written, listeners: all });
  const upstreams = upstreamBlocks(draft.written);
  for (const { place, tls } of listeners) {
    const fault = (message: string) => draft.error(place, `${dotted(place)}: ${message}`);
    if (tls.certFile === "" || tls.keyFile === "") fault("enabled needs certFile and keyFile");
    if (tls.clientAuth === "verify" && tls.clientCAFile.length === 0) fault("clientAuth verify needs clientCAFile");
  }
  for (const { place, tls } of [...listeners, ...upstreams]) {
    if (Number(tls.minVersion) > Number(tls.maxVersion)) {
      draft.error([...place, "minVersion"], `${dotted(place)}: minVersion is above maxVersion`);
    }
  }
  for (const { place, tls } of upstreams) {
    if ((tls.clientCertFile === "") !== (tls.clientKeyFile === "")) {
      draft.error(place, `${dotted(place)}: clientCertFile and clientKeyFile belong together`);
    }
    if (tls.insecureSkipVerify) {
      draft.warn([...place, "insecureSkipVerify"], "certificates of backends are not verified");
    }
  }
}
