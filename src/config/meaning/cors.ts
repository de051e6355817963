// `cors` and `rules[].cors`: what holds for each rule, checked.
import type { CorsSettings } from "../../shaping/cors-policy.ts";
import type { CorsSection, RuleCors } from "../schema/cors.ts";
import { type Draft, dotted, type Place } from "./draft.ts";

/** What holds for requests that find no route; null: CORS is off. */
export function readCors(draft: Draft): CorsSettings | null {
  const { enabled, ...section } = draft.written.cors;
  const settings = settingsOf(section);
  checkCors(draft, settings, ["cors"], (key) => draft.isGiven(`cors.${key}`));
  return enabled ? settings : null;
}

/** What holds for a rule; null: CORS is off there. @param place of the rule */
export function readRuleCors(draft: Draft, own: RuleCors, place: Place): CorsSettings | null {
  const { enabled, ...section } = draft.written.cors;
  if (own === null) return enabled ? settingsOf(section) : null;
  const given = Object.fromEntries(Object.entries(own).filter(([key, value]) => key !== "enabled" && value !== null));
  const settings = settingsOf({ ...section, ...given });
  checkCors(draft, settings, [...place, "cors"], (key) => key in given);
  return own.enabled === false ? null : settings;
}

function settingsOf({ maxAge, ...section }: Omit<CorsSection, "enabled">): CorsSettings {
  return { ...section, maxAgeS: Math.round(maxAge / 1000) };
}

/** @param isGiven whether a key is written at this place */
function checkCors(draft: Draft, settings: CorsSettings, place: Place, isGiven: (key: string) => boolean): void {
  const { allowedOrigins, allowCredentials } = settings;
  if (isGiven("allowedOrigins")) {
    for (const [i, origin] of allowedOrigins.entries()) {
      if (isOrigin(origin)) continue;
      const below = [...place, "allowedOrigins", i];
      draft.error(below, `${dotted(below)}: "${origin}" is not an origin${originMeant(origin)}`);
    }
  }
  if (isGiven("allowCredentials") && allowCredentials && allowedOrigins.includes("*")) {
    const message = `${dotted(place)}: browsers send no credentials to origin "*": list the allowed origins`;
    draft.warn([...place, "allowCredentials"], message);
  }
}

/** `https://shop.example.org`, `https://*.example.org:8443`, `*` or `null`. */
function isOrigin(text: string): boolean {
  return (
    text === "*" ||
    text === "null" ||
    /^[a-z][a-z0-9+.-]*:\/\/(\*\.)?[a-z0-9_.-]+(:\d+)?$|^[a-z][a-z0-9+.-]*:\/\/\[[0-9a-f:.]+\](:\d+)?$/i.test(text)
  );
}

function originMeant(text: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/]+\/.*$/i.test(text)) return "; an origin has no path and no trailing slash";
  if (!text.includes("://")) return "; write it with its scheme, such as https://example.org";
  return text.includes("*") ? "; a star matches subdomains, such as https://*.example.org" : "";
}
