// Structured output from models that no schema binds: they call a tool, and its arguments are the answer.
import type { JsonObject } from "../json/values.ts";
import type { Block } from "./block.ts";
import { argumentSchema } from "./write-schema.ts";

/** Name of the tool. Readers of answers take calls of it for text. */
export const ANSWER_TOOL = "gateway_final_answer";

/** @throws LlmError of `unsupported`: the answer is no object */
export function answerTool(schema: JsonObject, description: string | null): Block {
  return {
    name: ANSWER_TOOL,
    description: description ?? "Gives the final answer. Call it once, instead of writing text.",
    input_schema: argumentSchema(schema, ANSWER_TOOL),
  };
}
