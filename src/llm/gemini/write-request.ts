// Writes a request as the body of generateContent.
import type { WrittenRequest } from "../format.ts";
import type { JsonObject } from "../json/values.ts";
import { unsupported } from "../message/fault.ts";
import type { ChatRequest } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";
import { TOOL_NAMES, ToolNames } from "../tools/ids.ts";
import { writeConfig } from "./write-config.ts";
import { ContentsWriter } from "./write-contents.ts";
import { writeTools } from "./write-tools.ts";

/** @throws LlmError of `unsupported` for what Gemini, or this model, cannot express */
export function writeRequest(request: ChatRequest, to: ModelTarget): WrittenRequest {
  const [native] = request.nativeOnly;
  if (native !== undefined) throw unsupported(native, native); // the common form does not hold it
  const warnings = new Set(request.droppable);
  if (request.tools.length > 0 && !to.facts.tools) throw unsupported("A tool", "tools");
  const names = new ToolNames(request, TOOL_NAMES.gemini, false);
  const generationConfig = writeConfig(request, to.facts, warnings);
  const body = {
    ...writeConversation(request, to, names, warnings),
    ...writeTools(request, names, warnings),
    ...(Object.keys(generationConfig).length === 0 ? {} : { generationConfig }),
    ...writeTier(request.serviceTier, warnings),
  };
  noteLost(request, warnings);
  return { body, warnings: [...warnings], toolNames: names.restores ? names : null };
}

/** Instructions without a conversation are the prompt, as Gemini wants one. */
function writeConversation(request: ChatRequest, to: ModelTarget, names: ToolNames, warnings: Set<string>): JsonObject {
  const writer = new ContentsWriter(to, names, warnings);
  for (const turn of request.turns) writer.turn(turn);
  const { contents } = writer;
  const parts = request.system.filter(({ text }) => text !== "").map(({ text }) => ({ text }));
  if (request.system.some(({ cache }) => cache !== null)) warnings.add("cache_control");
  if (parts.length === 0) return { contents };
  return contents.length === 0 ? { contents: [{ role: "user", parts }] } : { systemInstruction: { parts }, contents };
}

const TIERS: Readonly<Record<string, string>> = { default: "standard", flex: "flex", priority: "priority" };

function writeTier(tier: string | null, warnings: Set<string>): JsonObject {
  if (tier === null || tier === "auto") return {};
  const serviceTier = TIERS[tier];
  if (serviceTier !== undefined) return { serviceTier };
  warnings.add("service_tier");
  return {};
}

/** What Gemini's API has no field for, and which changes no answer the client relies on. */
function noteLost({ verbosity, user, cacheKey, metadata }: ChatRequest, warnings: Set<string>): void {
  if (verbosity !== null) warnings.add("verbosity");
  if (user !== null) warnings.add("user");
  if (cacheKey !== null) warnings.add("prompt_cache_key");
  if (metadata !== null) warnings.add("metadata");
}
