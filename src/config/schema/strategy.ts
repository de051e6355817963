// `rules[].strategy`: which language models answer the requests of a rule.
import { textOf } from "../text/tree.ts";
import type { Infer } from "./field.ts";
import { listOf, mapOf, object, optional } from "./fields.ts";
import { orText } from "./map-or-list.ts";
import { bool, num, oneOf, str, strings } from "./scalars.ts";

const candidate = object("One model; a plain text is its name", {
  model: str(
    "`author/model`, `provider:model`, a key of `llm.models`, or a name with `*` such as `openai/*`: any such model that a client names, listed as the provider lists them",
    "",
  ),
  weight: num("`weighted`: share of the requests", 1),
});

const known = oneOf("kind of strategy", ["llm"]);

/** Kinds of strategies. */
const type: typeof known = {
  ...known,
  read(node, path, reading) {
    if (node.kind !== "scalar" || textOf(node) !== "llm-triage") return known.read(node, path, reading);
    reading.problems.error(node.at, `${path}: "llm-triage" is not available in this version; write llm`);
    return "llm";
  },
};

/** `rules[].strategy`. */
export const ruleStrategy = object("Language models that answer the requests of this rule, instead of a service", {
  type,
  models: listOf("models in order of preference", orText(candidate, "model")),
  order: oneOf(
    "model that is tried first: `priority` = in file order, `weighted` = at random by weight, `cheapest` = by price, `fastest` = by measured time to the first token",
    ["priority", "weighted", "cheapest", "fastest"],
    "priority",
  ),
  failover: bool("try the other models when one fails", true),
  allow: optional(
    mapOf(
      "principal → models it may use, `*` matches any sequence of characters; principals are written as in `authz.rbac.policies[].bindings`, `*` = everyone. Absent: everyone may use all models",
      strings("names of models"),
    ),
  ),
});

/** A rule's strategy as written. */
export type StrategySection = Infer<typeof ruleStrategy>;
