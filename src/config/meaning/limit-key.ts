// The key of a limit, and the header with the cost of a request.
import { type KeySource, needsIdentity, parseKeySource } from "../../limits/keys.ts";
import { didYouMean } from "../text/suggest.ts";
import type { Draft, Place } from "./draft.ts";
import { listenersOf } from "./listeners.ts";

/** Whether clients can be known: by a method of `auth`, or by certificates that a listener verifies. */
function authenticates(draft: Draft): boolean {
  const { apikey, basic } = draft.written.auth;
  if (apikey.enabled || basic.enabled) return true;
  return listenersOf(draft.written, (key) => draft.isGiven(key)).some(({ tls }) => {
    const asks = [tls, ...tls.certificates].some(({ clientAuth }) => clientAuth !== null && clientAuth !== "none");
    return tls.enabled && asks;
  });
}

/** Reads `key` of a limit. @param what names the limit in messages */
export function readKey(draft: Draft, texts: readonly string[], what: string, place: Place): readonly KeySource[] {
  if (texts.length === 0) draft.error(place, `${what}: key is empty; write route to count all clients together`);
  if (new Set(texts).size < texts.length) draft.error(place, `${what}: key contains a duplicate`);
  const sources = texts.flatMap((text, i) => {
    const source = parseKeySource(text);
    if (source === null) {
      const hint = didYouMean(text, ["ip", "subject", "apiKey", "route"]) || '; a header is written "header:<name>"';
      draft.error([...place, i], `${what}: "${text}" is not a valid key${hint}`);
    }
    return source ?? [];
  });
  if (needsIdentity(sources) && !authenticates(draft)) {
    draft.warn(place, `${what}: no authentication is configured, so the key is the address`);
  }
  return sources;
}

/** Reads `cost` of a limit: the lower-case name of a header; "" none. @param what names the limit in messages */
export function readCost(draft: Draft, text: string, what: string, place: Place): string {
  if (text === "") return "";
  const source = parseKeySource(text);
  if (source?.kind !== "header") {
    draft.error(place, `${what}: cost must be "header:<name>"`);
    return "";
  }
  if (draft.written.frontend.http.trustedProxies.length === 0) {
    draft.warn(place, `${what}: cost requires frontend.http.trustedProxies, which is empty`);
  }
  return source.field;
}
