// `gateway llm models`: the language models of the rules, and the credentials they are asked with.
import type { Config } from "../../config/config.ts";
import { loadConfig } from "../../config/load.ts";
import { showDuration } from "../../config/text/units.ts";
import { type DescribedModel, describeModel } from "../../control/management/models.ts";
import { dryLlmRoutes } from "../../snapshot/check/dry-llm.ts";
import { CONFIG_FLAGS, CONFIG_HELP, type Command, loadOptions } from "../command.ts";
import { flagOn } from "../flags.ts";
import { askManagement, refusalOf } from "../management-client.ts";
import { showTokens } from "./show.ts";
import { textTable } from "./text-table.ts";

/** Exit code 1 when there is no model. */
export const llmModels: Command = {
  name: "llm models",
  summary: "list the language models of the rules, with their credentials and capabilities",
  operands: "",
  flags: { ...CONFIG_FLAGS, json: "bool", token: "text" },
  help: {
    ...CONFIG_HELP,
    json: "print JSON",
    token: "token of the management API of the running gateway, if the configuration has none",
  },
  async run(parsed, env) {
    const { config } = loadConfig(loadOptions(parsed, env));
    const running = config.management.enabled
      ? await modelsOfRunning(config, parsed.values.get("token") ?? null)
      : null;
    const models = running ?? (await modelsOf(config));
    if (flagOn(parsed, "json", false)) {
      process.stdout.write(`${JSON.stringify({ running: running !== null, models }, null, 2)}\n`);
    } else if (models.length > 0) process.stdout.write(describe(models));
    if (models.length === 0) process.stderr.write("no rule has a strategy with language models\n");
    return models.length === 0 ? 1 : 0;
  },
};

/** As the gateway in operation knows them; null: it does not answer, which is said. */
async function modelsOfRunning(config: Config, token: string | null): Promise<readonly DescribedModel[] | null> {
  const problem = (text: string) => {
    process.stderr.write(`the running gateway was not asked for the state of keys: ${text}\n`);
    return null;
  };
  try {
    const answer = await askManagement(config, "GET", "/llm/models", token);
    if (answer.status !== 200) return problem(refusalOf(answer));
    return (JSON.parse(answer.text) as { readonly models: readonly DescribedModel[] }).models;
  } catch (error) {
    return problem((error as Error).message);
  }
}

/** As the configuration has them. */
async function modelsOf(config: Config): Promise<readonly DescribedModel[]> {
  if (config.llm === null) return [];
  const routes = await dryLlmRoutes(config);
  for (const rule of config.rules) if (rule.strategy !== null) routes.routeFor(rule);
  return routes.models().map((model) => {
    const described = describeModel(model);
    return { ...described, keys: described.keys.map((key) => ({ ...key, state: "unknown" as const })) };
  });
}

function describe(models: readonly DescribedModel[]): string {
  const rules = [...new Set(models.map(({ rule }) => rule))];
  return rules.map((rule) => describeRule(models.filter((model) => model.rule === rule))).join("\n");
}

const HEAD = ["", "model", "provider", "name there", "credential", "context", "can"];

function describeRule(models: readonly DescribedModel[]): string {
  const { rule, order } = models[0]!;
  const rows = models.map((model) => [
    String(model.place),
    order === "weighted" ? `${model.model} (weight ${model.weight})` : model.model,
    model.provider,
    model.upstreamName,
    credentialText(model),
    contextText(model),
    canText(model),
  ]);
  return `rule ${rule}, order ${order}\n${textTable([HEAD, ...rows])}`;
}

function canText({ open, known, capabilities }: DescribedModel): string {
  if (open) return "any of these models that a client names";
  return known ? capabilities.join(" ") : "unknown";
}

function credentialText({ credential, keys, rests }: DescribedModel): string {
  const resting = rests > 0 ? [`model rests ${showSeconds(rests)}`] : [];
  return [credential === "keys" ? keysText(keys) : CREDENTIALS[credential], ...resting].join(", ");
}

const CREDENTIALS = { keyless: "keyless", client: "client's own", none: "none" } as const;

function keysText(keys: DescribedModel["keys"]): string {
  const states = keys.map((key) => (key.for > 0 ? `${key.state} ${showSeconds(key.for)}` : key.state));
  const count = keys.length === 1 ? "key" : `${keys.length} keys`;
  if (keys.every(({ state }) => state === "unknown")) return count;
  return new Set(states).size === 1 ? `${count} ${states[0]}` : `${count}: ${states.join(", ")}`;
}

function showSeconds(seconds: number): string {
  return showDuration(Math.ceil(seconds) * 1000);
}

function contextText({ open, contextIn, contextOut }: DescribedModel): string {
  if (open) return "";
  if (contextIn === 0) return "unknown";
  return showTokens(contextIn) + (contextOut === 0 ? "" : `, answer ${showTokens(contextOut)}`);
}
