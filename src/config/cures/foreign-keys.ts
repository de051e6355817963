// Keys of nginx, Caddy, Traefik, Envoy, Kong, HAProxy, LiteLLM and Portkey, and what to write instead, by section and folded word.
import { LISTENER_WORDS } from "./foreign-listeners.ts";
import { LLM_WORDS } from "./foreign-llm.ts";
import { POLICY_WORDS } from "./foreign-policies.ts";
import { RULE_WORDS } from "./foreign-rules.ts";
import { SERVICE_WORDS } from "./foreign-services.ts";

/** What to write instead of an unknown key. */
interface ForeignKey {
  /** What to write instead, or why there is nothing. */
  readonly cure: string;
  /** The key of the same section that replaces it; "" = none. */
  readonly means: string;
}

/** Section → word in lower case without separators → what it means. Of several rows the first counts. */
export const FOREIGN_KEYS: ReadonlyMap<string, ReadonlyMap<string, ForeignKey>> = bySection();

function bySection(): Map<string, Map<string, ForeignKey>> {
  const sections = new Map<string, Map<string, ForeignKey>>();
  for (const [names, words, cure, means = ""] of [
    SERVICE_WORDS,
    RULE_WORDS,
    POLICY_WORDS,
    LISTENER_WORDS,
    LLM_WORDS,
  ].flat()) {
    for (const name of names) {
      const section = sections.get(name) ?? new Map<string, ForeignKey>();
      sections.set(name, section);
      for (const word of words.split(" ")) if (!section.has(word)) section.set(word, { cure, means });
    }
  }
  return sections;
}
