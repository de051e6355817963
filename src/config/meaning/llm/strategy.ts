// `rules[].strategy`: the models of a rule, and keys of the rule that make no sense beside it.
import { isOpenName } from "../../../llm/models/open-names.ts";
import { sourcesOf } from "../../../llm/models/resolve.ts";
import type { LlmSettings } from "../../../llm/settings.ts";
import type { Field } from "../../schema/field.ts";
import { LLM, type RuleSection, rule } from "../../schema/router.ts";
import { Claims } from "../../text/claims.ts";
import type { Draft, Place } from "../draft.ts";
import type { StrategyConfig } from "./strategy-config.ts";
import { unknownModel } from "./unknown-model.ts";

/** Default of `timeout` in rules with a strategy, ms: models that reason are silent for minutes. */
export const STRATEGY_TIMEOUT_MS = 600_000;

/** Keys of a rule that are about a single service or another protocol, and what to write instead. */
const FOREIGN: readonly (readonly [key: string, cure: string])[] = [
  ["serviceName", "remove one of them"],
  ["fallback", "other models take over; see llm.fallback"],
  ["protocol", "remove it; streams and WebSockets are recognised"],
  ["grpc", "remove it"],
  ["transcoding", "remove it"],
  ["websocket", "remove it"],
  ["loadBalance", "use strategy.order"],
  ["sessionAffinity", "remove it; conversations stay with their model and key"],
  ["consistentHash", "remove it; conversations stay with their model and key"],
  ["preserveHost", "remove it; providers get their own host name"],
  ["rewriteHost", "remove it; providers get their own host name"],
  ["rewritePrefix", "the path says which API a client uses; stripPrefix: true removes what stands before it"],
  ["retry", 'write retry.services."llm.<provider>"'],
  ["circuitBreaker", 'write circuitBreaker.services."llm.<provider>"'],
  ["sse.keepaliveTimeout", "write llm.keepaliveInterval"],
  ["sse.maxRetries", "remove it; answers of models cannot be resumed"],
  ["sse.retryInterval", "remove it; answers of models cannot be resumed"],
  ["sse.maxAge", "remove it; answers of models cannot be resumed"],
];

/** Reads the strategy of a rule. @param llm null: not configured, or invalid, which is reported */
export function readStrategy(
  draft: Draft,
  section: RuleSection,
  place: Place,
  id: string,
  llm: LlmSettings | null,
): StrategyConfig | null {
  const { strategy } = section;
  if (strategy === null) return null;
  const { problems, written } = draft;
  const at = [...place, "strategy"];
  for (const [key, cure] of FOREIGN) {
    if (differs(section, key))
      draft.error([...place, ...key.split(".")], `rule "${id}": ${key} cannot be combined with strategy; ${cure}`);
  }
  const hasProviders = Object.keys(written.llm?.providers ?? {}).length > 0;
  if (!hasProviders)
    draft.error(at, `rule "${id}": strategy needs llm.providers, such as { openai: { kind: openai } }`);
  const models = [...at, "models"];
  if (strategy.models.length === 0 && !problems.saidAt(draft.at(models)))
    draft.error(at, `rule "${id}": strategy.models is empty; list models such as openai/gpt-5`);
  const claims = new Claims(problems);
  for (const [i, { model, weight }] of strategy.models.entries()) {
    const where = draft.at([...models, i]);
    if (problems.saidAt(where)) continue;
    if (model === "")
      problems.error(where, `rule "${id}": a model of the strategy has no name; write model: author/model`);
    else claims.claim(model, where, `model "${model}" in rule "${id}"`, "; remove one of them");
    if (model !== "" && llm !== null && hasProviders && sourcesOf(llm, model).length === 0)
      problems.error(where, `rule "${id}": ${unknownModel(draft, llm.providers, llm.models, model)}`);
    if (isOpenName(model) && weight !== 1)
      draft.warn([...models, i], `rule "${id}": weight has no effect on "${model}", whose models clients name`);
    else if (strategy.order !== "weighted" && weight !== 1)
      draft.warn([...models, i], `rule "${id}": weight has no effect without order: weighted`);
  }
  const single = strategy.models.filter(({ model }) => !isOpenName(model));
  if (single.length === 0 && strategy.models.length > 0 && strategy.order !== "priority")
    draft.warn([...at, "order"], `rule "${id}": order has no effect, because strategy.models names no single model`);
  if (strategy.order === "weighted" && single.length > 0 && single.every(({ weight }) => weight === 0))
    draft.error(models, `rule "${id}": every weight is 0, so no model would be used`);
  const { order, failover } = strategy;
  return { models: strategy.models, order, failover, allow: null }; // completed when `auth` is known
}

/** Whether a key of the rule has another value than its default. */
function differs(section: RuleSection, key: string): boolean {
  let value: unknown = section;
  let field: Field<unknown> = rule;
  for (const step of key.split(".")) {
    value = (value as Record<string, unknown>)[step];
    field = field.fields![step]!;
  }
  const fallback = key === "serviceName" ? LLM : field.fallback;
  return JSON.stringify(value) !== JSON.stringify(fallback);
}
