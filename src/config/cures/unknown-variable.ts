// A GATEWAY_* variable that sets no key: what it was probably meant to be.
import { nearest } from "../text/suggest.ts";

/** A warning about it. @param known every variable that sets a key */
export function unknownVariable(name: string, known: ReadonlySet<string>): string {
  return `environment variable ${name} sets no key and is ignored${hint(name, known)}`;
}

function hint(name: string, known: ReadonlySet<string>): string {
  const path = name.replace(/^(GATEWAY_)+/, "");
  if (/^ROUTER_RULES|^REGISTRY_STATIC_SERVICES|_\d+(_|$)/.test(path)) return "; lists cannot be set by variables";
  // A part of the path was left out: GATEWAY_HTTP_PORT for GATEWAY_FRONTEND_HTTP_PORT.
  const ending = [...known].filter((k) => k.endsWith(`_${path}`) && !k.startsWith("GATEWAY_GATEWAY_"));
  const meant = ending.length === 1 ? ending[0]! : (byLetters(path, known) ?? nearest(name, known));
  return meant === null ? "; docs/configuration.md lists them" : `; did you mean ${meant}?`;
}

/** The same letters with other breaks: GATEWAY_FRONTEND_HTTP_READ_TIMEOUT. */
function byLetters(path: string, known: ReadonlySet<string>): string | null {
  const letters = path.replaceAll("_", "");
  return [...known].find((k) => k.replace("GATEWAY_", "").replaceAll("_", "") === letters) ?? null;
}
