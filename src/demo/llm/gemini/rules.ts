// Rules of Gemini's API that go beyond the shape of a request.
import { isOf } from "../answer/signature.ts";
import { isBase64 } from "../rules/pictures.ts";
import { Refusal } from "../rules/refusal.ts";
import type { GeminiTraits } from "./models.ts";
import type { GeminiBody, GeminiContent, GeminiPart } from "./types.ts";

/** Signatures that stand for calls of other models. */
const SKIP = ["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"];
const KINDS = ["text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode"] as const;

/** Checks a body whose shape is right. @throws Refusal */
export function checkGemini(body: GeminiBody, traits: GeminiTraits): void {
  checkThinking(body.generationConfig?.thinkingConfig, traits);
  checkConfig(body, traits);
  checkTools(body);
  for (const [i, content] of body.contents.entries()) {
    for (const [j, part] of content.parts.entries()) checkPart(part, `contents[${i}].parts[${j}]`);
  }
  const turns = merged(body.contents);
  for (const i of turns.keys()) checkCalls(turns, i);
  checkSignatures(turns, traits);
}

function checkThinking(
  config: NonNullable<GeminiBody["generationConfig"]>["thinkingConfig"],
  { budget, levels }: GeminiTraits,
): void {
  const { thinkingBudget: tokens, thinkingLevel: level, includeThoughts } = config ?? {};
  if (tokens !== undefined && level !== undefined)
    throw refuse("You can only set only one of thinking budget and thinking level.");
  if (includeThoughts === true && budget === null) throw refuse("Thinking is not enabled for this model.");
  if (level !== undefined && !levels.includes(level)) throw refuse("Thinking level is not supported for this model.");
  if (tokens === undefined || tokens === -1) return;
  if (budget === null) throw refuse("Thinking budget is not supported for this model.");
  if (tokens === 0 && !budget.off) throw refuse("Budget 0 is invalid. This model only works in thinking mode.");
  if (tokens !== 0 && (tokens < budget.min || tokens > budget.max))
    throw refuse(
      `The thinking budget ${tokens} is invalid. Please choose a value between ${budget.min} and ${budget.max}.`,
    );
}

function checkConfig({ generationConfig = {}, tools = [] }: GeminiBody, traits: GeminiTraits): void {
  const { maxOutputTokens = 0, responseSchema, responseJsonSchema, responseMimeType } = generationConfig;
  if (maxOutputTokens > traits.output) throw refuse(`max_output_tokens must be in the range [1, ${traits.output}].`);
  if (responseSchema !== undefined && responseJsonSchema !== undefined)
    throw refuse("Only one of response_schema and response_json_schema may be set.");
  const schema = responseSchema ?? responseJsonSchema;
  if (schema !== undefined && responseMimeType !== "application/json")
    throw refuse("Response schema requires the response mime type application/json.");
  if (generationConfig.logprobs !== undefined && generationConfig.responseLogprobs !== true)
    throw refuse("logprobs requires response_logprobs to be true.");
  const declared = tools.some(({ functionDeclarations = [] }) => functionDeclarations.length > 0);
  if (declared && responseMimeType === "application/json" && !traits.signed)
    throw refuse("Function calling with a response mime type: 'application/json' is unsupported");
}

function checkTools({ tools = [], toolConfig }: GeminiBody): void {
  const declared = tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations);
  const names = declared.map(({ name }) => name);
  if (new Set(names).size < names.length) throw refuse("Duplicate function declaration found.");
  for (const { name, parameters, parametersJsonSchema } of declared) {
    if (parameters !== undefined && parametersJsonSchema !== undefined)
      throw refuse(`Only one of parameters and parameters_json_schema may be set for ${name}.`);
    // Definitions are refused where they are referred to: real servers resolve none.
    if (JSON.stringify(parametersJsonSchema ?? {}).includes('"$ref"'))
      throw refuse(`${name}: reference to undefined schema`);
  }
  const { mode, allowedFunctionNames } = toolConfig?.functionCallingConfig ?? {};
  if (allowedFunctionNames === undefined || allowedFunctionNames.length === 0) return;
  if (mode !== "ANY" && mode !== "VALIDATED")
    throw refuse("Allowed function names should only be set when the function calling mode is ANY.");
  for (const name of allowedFunctionNames)
    if (!names.includes(name)) throw refuse(`${name} is not in the function declarations.`);
}

function checkPart(part: GeminiPart, at: string): void {
  const kinds = KINDS.filter((kind) => (part as Readonly<Record<string, unknown>>)[kind] !== undefined);
  if (kinds.length === 0 && part.thoughtSignature === undefined)
    throw refuse(
      `Unable to submit request because it must have a text parameter: ${at} must have one initialized field.`,
    );
  if (kinds.length > 1) throw refuse(`Invalid value at '${at}' (oneof), oneof field 'data' is already set.`);
  if (part.inlineData !== undefined && !isBase64(part.inlineData.data))
    throw refuse(`Invalid value at '${at}.inline_data.data' (TYPE_BYTES), Base64 decoding failed`);
}

/** Adjacent contents of one role; calls in two of them are two steps. */
function merged(contents: readonly GeminiContent[]): GeminiContent[] {
  const turns: GeminiContent[] = [];
  for (const { role = "user", parts } of contents) {
    const last = turns.at(-1);
    if (last?.role === role && role === "user") turns[turns.length - 1] = { role, parts: [...last.parts, ...parts] };
    else turns.push({ role, parts });
  }
  return turns;
}

function checkCalls(turns: readonly GeminiContent[], i: number): void {
  const { role, parts } = turns[i]!;
  const calls = parts.filter(({ functionCall }) => functionCall !== undefined);
  if (role === "user" && calls.length > 0) throw refuse("Function calls must have the role model.");
  if (role === "model" && calls.length > 0) {
    if (i === 0 || turns[i - 1]!.role !== "user")
      throw refuse(
        "Please ensure that function call turn comes immediately after a user turn or after a function response turn.",
      );
    if (responsesIn(turns[i + 1]).length !== calls.length)
      throw refuse(
        "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
      );
  }
  const responses = responsesIn(turns[i]);
  if (responses.length === 0) return;
  const asked = turns[i - 1]?.parts.flatMap(({ functionCall }) => functionCall?.name ?? []) ?? [];
  if (asked.length === 0)
    throw refuse("Please ensure that function response turn comes immediately after a function call turn.");
  for (const { functionResponse } of responses) {
    if (!asked.includes(functionResponse!.name))
      throw refuse("Function response name does not match the function call name.");
  }
}

function responsesIn(turn: GeminiContent | undefined): readonly GeminiPart[] {
  return turn?.parts.filter(({ functionResponse }) => functionResponse !== undefined) ?? [];
}

/** The first call of each step since the user spoke last proves that its thought was this provider's. */
function checkSignatures(turns: readonly GeminiContent[], { signed }: GeminiTraits): void {
  const spoken = turns.findLastIndex(({ role, parts }) => {
    return role === "user" && parts.some(({ functionResponse }) => functionResponse === undefined);
  });
  for (const [i, { parts }] of turns.entries()) {
    for (const { thoughtSignature } of parts) {
      const known = SKIP.includes(thoughtSignature ?? "") || isOf(thoughtSignature, "gemini");
      if (thoughtSignature !== undefined && !known) throw refuse("Corrupted thought signature.");
    }
    const first = parts.findIndex(({ functionCall }) => functionCall !== undefined);
    if (!signed || i <= spoken || first === -1 || parts[first]!.thoughtSignature !== undefined) continue;
    throw refuse(
      `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly. Additional data, function call \`default_api:${parts[first]!.functionCall!.name}\`, position ${first + 1}.`,
    );
  }
}

function refuse(message: string): Refusal {
  return new Refusal("invalid", message);
}
