// Where a command sends a chat request: a rule with language models, and the path and listener that lead to it.
import type { Config, RuleConfig } from "../../config/config.ts";
import type { ListenerConfig } from "../../config/meaning/listeners.ts";
import { dryRun, indexRules } from "../../snapshot/check/dry-run.ts";

/** The way to a rule. */
export interface ChatRoute {
  readonly rule: RuleConfig;
  /** Of Chat Completions. */
  readonly path: string;
  /** Flat: those of the user, and `Host` where the rule demands one. */
  readonly fields: readonly string[];
  /** Listeners that lead to the rule; not empty. */
  readonly listeners: readonly ListenerConfig[];
}

/**
 * Finds the rule.
 * @param id of the rule; null: the first one that Chat Completions reach
 * @param fields request headers, which rules may demand
 * @throws Error saying why there is none
 */
export function chatRoute(config: Config, id: string | null, fields: readonly string[]): ChatRoute {
  const rules = config.rules.filter(({ strategy }) => strategy !== null);
  if (rules.length === 0) throw new Error("no rule has a strategy with language models");
  const wanted = rules.filter((rule) => id === null || rule.id === id);
  if (wanted.length === 0)
    throw new Error(`no rule with language models has the id "${id}"; there are ${rules.map((r) => r.id).join(", ")}`);
  const [found] = wanted.flatMap((rule) => routeTo(config, rule, fields) ?? []);
  if (found === undefined)
    throw new Error(
      `no request for Chat Completions reaches ${id === null ? "a rule with language models" : `rule "${id}"`}; see gateway explain`,
    );
  return found;
}

function routeTo(config: Config, rule: RuleConfig, given: readonly string[]): ChatRoute | null {
  const path = `${rule.stripPrefix ? rule.pattern.literalPrefix : ""}/v1/chat/completions`;
  const [host] = rule.conditions.hosts;
  const named = given.some((name, i) => i % 2 === 0 && name.toLowerCase() === "host");
  const fields = host === undefined || named ? given : [...given, "Host", host.replace("*", "llm")];
  const index = indexRules(config.rules);
  const listeners = config.listeners.filter(
    ({ name }) => dryRun(index, { listener: name, method: "POST", url: path, fields }).rule === rule,
  );
  return listeners.length === 0 ? null : { rule, path, fields, listeners };
}
