// Reads how identity providers are reached: trusted authorities and a proxy.
import { isSafeUrl, type ProviderAccess } from "../../auth/provider-fetch.ts";
import { isProxyUrl } from "../../auth/proxy-tunnel.ts";
import { trustAnchors } from "../../tls/trust-anchors.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import type { TlsReader } from "./tls-reader.ts";

/** Reads `caFile` and `proxy` of a block. */
export function readAccess(
  draft: Draft,
  reader: TlsReader,
  { caFile, proxy }: { readonly caFile: string; readonly proxy: string },
  block: Place,
): ProviderAccess {
  const anchors = (bytes: Buffer) => trustAnchors(bytes.toString(), Date.now()).pem;
  const ca = caFile === "" ? "" : reader.read(caFile, [...block, "caFile"], anchors);
  if (proxy !== "" && !isProxyUrl(proxy)) {
    const at = [...block, "proxy"];
    draft.error(at, `${dotted(at)}: must have the form http://host:port or http://user:password@host:port`);
  }
  return { ca: ca ?? "", proxy };
}

/** Reports a URL that is not acceptable for requests to a provider. @returns whether it is */
export function checkUrl(draft: Draft, url: string, place: Place): boolean {
  if (isSafeUrl(url)) return true;
  const cure = "must be https, or http on this machine, without user and password";
  draft.error(place, `${dotted(place)}: "${url}": ${cure}`);
  return false;
}

/** Reports a cache duration that would flood the provider with requests. */
export function checkKeysDuration(draft: Draft, ms: number, block: Place): void {
  const place = [...block, "jwksCacheDuration"];
  if (ms < 1000) draft.error(place, `${dotted(place)}: must be at least one second`);
}
