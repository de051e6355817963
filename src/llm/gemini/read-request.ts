// Reads a generateContent request of a client.

import type { RequestPlace } from "../format.ts";
import { optionalObject, optionalText } from "../json/fields.ts";
import { isObject, type JsonObject } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import { Losses } from "../message/losses.ts";
import type { ChatRequest } from "../message/request.ts";
import { camelFields } from "./camel-case.ts";
import { readConfig } from "./read-config.ts";
import { readContents, readSystem } from "./read-contents.ts";
import { readToolChoice, readTools } from "./read-tools.ts";

/** Fields this file reads. */
const READ = new Set(
  "model contents systemInstruction tools toolConfig generationConfig labels serviceTier".split(" "),
);
/** Fields that change no answer another provider would give: Gemini's own filters, and what Google keeps. */
const DROPPABLE = new Set(["safetySettings", "store"]);

/** @throws LlmError `invalid` naming the place of what is malformed */
export function readRequest(written: JsonObject, place: RequestPlace): ChatRequest {
  const body = camelFields(written);
  const losses = new Losses();
  noteOthers(body, losses);
  const model = place.model ?? optionalText(body, "model") ?? "";
  if (model === "") throw invalid("model", "is missing");
  const calling = optionalObject(body, "toolConfig");
  const request = {
    model: model.replace(/^models\//, ""),
    system: (body.systemInstruction ?? null) === null ? [] : readSystem(body.systemInstruction),
    turns: readContents(body.contents, losses),
    tools: (body.tools ?? null) === null ? [] : readTools(toolList(body.tools), losses),
    toolChoice: calling === null ? null : readToolChoice(calling, losses),
    parallelTools: null,
    ...readConfig(optionalObject(body, "generationConfig") ?? {}, losses),
    verbosity: null,
    stream: place.stream ?? false,
    streamUsage: true,
    user: null,
    cacheKey: null,
    serviceTier: readTier(optionalText(body, "serviceTier")),
    metadata: optionalObject(body, "labels"),
  };
  return { ...request, nativeOnly: losses.nativeOnly, droppable: losses.droppable };
}

function noteOthers(body: JsonObject, losses: Losses): void {
  for (const key of Object.keys(body)) {
    const value = body[key] ?? null;
    if (READ.has(key) || value === null || (Array.isArray(value) && value.length === 0)) continue;
    if (DROPPABLE.has(key)) losses.drop(key);
    else losses.native(key);
  }
}

function toolList(tools: unknown): readonly unknown[] {
  if (Array.isArray(tools)) return tools;
  if (isObject(tools)) return [tools];
  throw invalid("tools", "must be a list");
}

/** In the words of the common form, which are those of OpenAI. */
function readTier(tier: string | null): string | null {
  if (tier === null || tier.toLowerCase() === "unspecified") return null;
  return tier.toLowerCase() === "standard" ? "default" : tier.toLowerCase();
}
