// Checks names of TLS ciphers against those that OpenSSL knows.
import { secureFault } from "../../tls/key-pair.ts";
import { cipherList } from "../../wire/ciphers.ts";
import { type Draft, dotted, type Place } from "./draft.ts";

/** Checks `cipherSuites`. @param place of the block it stands in */
export function checkCiphers(draft: Draft, place: Place, names: readonly string[]): void {
  if (names.length === 0) return;
  const below = [...place, "cipherSuites"];
  const known = (...some: string[]) => secureFault({ ciphers: cipherList(some) }) === null;
  if (!known(...names)) return draft.error(below, `${dotted(place)}: cipherSuites contains no known cipher`);
  // OpenSSL ignores unknown names as long as it knows one. Elements such as "!aNULL" are not names.
  for (const name of names.filter((n) => /^\w/.test(n) && !known(n))) {
    draft.warn(below, `${dotted(place)}: cipherSuites: "${name}" is not known to this OpenSSL and is ignored`);
  }
}
