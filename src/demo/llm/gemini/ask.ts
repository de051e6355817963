// A request to generate content as an ask.
import type { Ask } from "../answer/ask.ts";
import { tokensIn } from "../answer/tokens.ts";
import type { ProviderState } from "../api.ts";
import { amount, withoutCommands } from "../commands.ts";
import type { Exchange } from "../exchange.ts";
import { Refusal } from "../rules/refusal.ts";
import type { GeminiTraits } from "./models.ts";
import { type GeminiBody, type GeminiContent, textIn } from "./types.ts";

/** Tokens of a prompt. */
export function geminiInput({ systemInstruction, tools, contents }: GeminiBody): number {
  return tokensIn(systemInstruction ?? "") + tokensIn(tools ?? []) + tokensIn(contents);
}

/** @param model with its commands @throws Refusal the prompt is longer than the model's context */
export function geminiAsk(
  body: GeminiBody,
  model: string,
  exchange: Exchange,
  traits: GeminiTraits,
  state: ProviderState,
): Ask {
  const spoken = body.contents.findLast((content) => content.role !== "model" && textIn(content) !== "");
  const said = textIn(spoken);
  const last = body.contents.at(-1);
  const commands = exchange.commands(model, said);
  const input = geminiInput(body);
  if (input > traits.context)
    throw new Refusal(
      "overflow",
      `The input token count (${input}) exceeds the maximum number of tokens allowed (${traits.context}).`,
    );
  const pieces = [body.systemInstruction ?? "", body.tools ?? [], ...body.contents];
  const { read } = state.cache.use(exchange.account, pieces, pieces.length);
  const { generationConfig: config = {} } = body;
  return {
    prompt: withoutCommands(said),
    attachments: attachmentsOf(last),
    results: (last?.parts ?? []).flatMap(({ functionResponse }) => {
      return functionResponse === undefined ? [] : [resultOf(functionResponse.response)];
    }),
    tools: (body.tools ?? []).flatMap(({ functionDeclarations = [] }) => {
      return functionDeclarations.map(({ name, parameters, parametersJsonSchema }) => {
        return { name, schema: parametersJsonSchema ?? parameters ?? null, freeform: false };
      });
    }),
    ...choiceOf(body),
    parallel: true,
    thinks: thinks(config.thinkingConfig, traits),
    maxTokens: config.maxOutputTokens ?? null,
    stop: config.stopSequences ?? [],
    schema:
      config.responseJsonSchema ??
      config.responseSchema ??
      (config.responseMimeType === "application/json" ? ANY : null),
    choices: config.candidateCount ?? 1,
    commands,
    seed: exchange.seed,
    input,
    cacheRead: Math.min(input, amount(commands, "cached", read)),
    cacheWrite: 0,
  };
}

const ANY = { type: "object", properties: { answer: { type: "string" } } };

/** Models that can think do, unless they are told not to. */
function thinks(
  config: NonNullable<GeminiBody["generationConfig"]>["thinkingConfig"],
  { budget, levels }: GeminiTraits,
): boolean {
  if (config?.thinkingBudget !== undefined) return config.thinkingBudget !== 0;
  return budget !== null || levels.length > 0;
}

function attachmentsOf(content: GeminiContent | undefined): string[] {
  return (content?.parts ?? []).flatMap(({ inlineData, fileData }) => {
    const type = inlineData?.mimeType ?? fileData?.mimeType ?? "";
    const kind = ["image", "audio"].find((name) => type.startsWith(`${name}/`));
    return kind !== undefined ? [kind] : inlineData !== undefined || fileData !== undefined ? ["document"] : [];
  });
}

/** What a tool said: the usual keys are taken out of the object that carries it. */
function resultOf(response: unknown): string {
  const { output, error, result } = response as Readonly<Record<string, unknown>>;
  const said = output ?? error ?? result ?? response;
  return typeof said === "string" ? said : JSON.stringify(said);
}

function choiceOf({ toolConfig }: GeminiBody): Pick<Ask, "choice" | "allowed"> {
  const { mode = "AUTO", allowedFunctionNames = [] } = toolConfig?.functionCallingConfig ?? {};
  const allowed = allowedFunctionNames.length === 0 ? null : allowedFunctionNames;
  const choice = mode === "NONE" ? "none" : mode === "ANY" ? "required" : "auto";
  return { choice, allowed };
}
