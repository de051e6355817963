// How a provider is told of the output format: by a schema that it enforces, by a tool, or in words.
import type { JsonObject } from "../json/values.ts";
import type { OutputShape } from "../message/request.ts";
import type { ModelFacts } from "../models/model.ts";
import { ANSWER_TOOL, answerTool } from "./answer-tool.ts";
import type { Block } from "./block.ts";
import { strictSchema } from "./write-schema.ts";

/** Said to models where no schema is known. */
const JSON_ONLY = "Answer with one JSON object only, without any text or code fence around it.";

/** What the shape of the answer adds to a request. */
export interface Answer {
  /** `output_config.format`; null: none. */
  readonly format: object | null;
  /** A tool whose arguments are the answer; null: none. */
  readonly tool: Block | null;
  /** `tool_choice`; null: as the provider decides. */
  readonly choice: JsonObject | null;
  /** null: none. */
  readonly instruction: string | null;
}

/**
 * @param choice as the client wants it
 * @param alone whether the client has no tools
 * @param warnings gets `response_format` where the model may answer otherwise
 * @throws LlmError of `unsupported`
 */
export function writeAnswer(
  shape: OutputShape | null,
  facts: ModelFacts,
  choice: JsonObject | null,
  alone: boolean,
  warnings: string[],
): Answer {
  const free: Answer = { format: null, tool: null, choice, instruction: null };
  if (shape === null) return free;
  if (shape.kind === "json") return { ...free, instruction: JSON_ONLY };
  const strict = facts.schema ? strictSchema(shape.schema) : null;
  if (strict !== null) return { ...free, format: { type: "json_schema", schema: strict } };
  if (!facts.tools || choice?.type === "tool" || choice?.type === "none") {
    warnings.push("response_format");
    return { ...free, instruction: `${JSON_ONLY} It has to match this JSON schema:\n${JSON.stringify(shape.schema)}` };
  }
  return { ...free, tool: answerTool(shape.schema, shape.description), choice: answerChoice(choice, alone) };
}

/** The tool is the only one, or one of those that the model has to choose from. */
function answerChoice(choice: JsonObject | null, alone: boolean): JsonObject {
  return { ...choice, ...(alone ? { type: "tool", name: ANSWER_TOOL } : { type: "any" }) };
}
