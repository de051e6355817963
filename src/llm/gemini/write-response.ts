// Writes a complete answer for a client of generateContent.
import type { ReplyIdentity } from "../format.ts";
import type { JsonObject } from "../json/values.ts";
import type { Part } from "../message/request.ts";
import type { ChatResponse, Choice } from "../message/response.ts";
import { finishReason } from "./finish.ts";
import { writeLogprobs } from "./logprobs.ts";
import { usageMetadata } from "./usage.ts";
import { callPart, malformedCall, type ThoughtView, thoughtPart, thoughtView } from "./write-response-parts.ts";

/** The body of an answer. */
export function writeResponse({ choices, usage }: ChatResponse, { id, model, request }: ReplyIdentity): JsonObject {
  const view = thoughtView(request);
  return {
    candidates: choices.map((choice, index) => writeChoice(choice, index, view)),
    ...(usage === null ? {} : { usageMetadata: usageMetadata(usage) }),
    modelVersion: model,
    responseId: id,
  };
}

function writeChoice({ parts, finish, logprobs }: Choice, index: number, view: ThoughtView): JsonObject {
  const written: object[] = [];
  let ending: object = { finishReason: finishReason(finish) };
  for (const part of parts) {
    const one = writePart(part, view);
    if (one !== null) written.push(one);
    else if (part.kind === "toolCall" && finish !== "length") ending = malformedCall(part.name, part.arguments);
  }
  const logprobsResult = writeLogprobs(logprobs);
  return {
    // A message without parts is left out of the history that clients keep.
    content: { parts: written.length === 0 ? [{ text: "" }] : written, role: "model" },
    ...ending,
    ...(logprobsResult === null ? {} : { logprobsResult }),
    index,
  };
}

/** @returns null: there is nothing to write, or the call is malformed */
function writePart(part: Part, view: ThoughtView): object | null {
  switch (part.kind) {
    case "text":
    case "refusal":
      return part.text === "" ? null : { text: part.text };
    case "reasoning":
      return thoughtPart(part, view);
    case "toolCall":
      return callPart(part);
    case "image":
    case "audio":
    case "document":
      return writeMedia(part.source);
    case "toolResult":
      return null;
  }
}

function writeMedia(source: Extract<Part, { kind: "image" }>["source"]): object {
  if (source.kind === "base64") return { inlineData: { mimeType: source.mediaType, data: source.data } };
  if (source.kind === "file") return { fileData: { fileUri: source.id } };
  return { fileData: { fileUri: source.url, ...(source.mediaType === null ? {} : { mimeType: source.mediaType }) } };
}
