// How much a client's request lets the model think, and the output format it asks for.
import { optionalCount, optionalObject, optionalText } from "../json/fields.ts";
import type { JsonObject } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import { EFFORTS, type Effort, type OutputShape, type Reasoning } from "../message/request.ts";

/** `thinking` and `output_config.effort`; null: neither is there. @throws LlmError `invalid` */
export function readReasoning(body: JsonObject): Reasoning | null {
  const thinking = optionalObject(body, "thinking");
  const effort = readEffort(optionalObject(body, "output_config"));
  if (thinking === null) return effort === null ? null : { ...SILENT, effort };
  const display = optionalText(thinking, "display", "thinking.display");
  const said = { ...SILENT, effort, visible: display === null ? null : display !== "omitted" };
  switch (thinking.type) {
    case "enabled":
      return { ...said, budget: optionalCount(thinking, "budget_tokens", 1, "thinking.budget_tokens") };
    case "adaptive":
    case "between_tools":
      return { ...said, adaptive: true };
    case "disabled":
      return { ...said, effort: "none" };
    default:
      throw invalid("thinking.type", "must be enabled, adaptive, between_tools or disabled");
  }
}

const SILENT: Reasoning = { effort: null, budget: null, adaptive: false, visible: null, summary: null };

function readEffort(output: JsonObject | null): Effort | null {
  const effort = output === null ? null : optionalText(output, "effort", "output_config.effort");
  if (effort === null) return null;
  const known = EFFORTS.find((one) => one === effort);
  if (known === undefined) throw invalid("output_config.effort", "must be low, medium, high, xhigh or max");
  return known;
}

/** `output_config.format`, or `output_format` as it was called before. @throws LlmError `invalid` */
export function readOutput(body: JsonObject): OutputShape | null {
  const output = optionalObject(body, "output_config");
  const current = output === null ? null : optionalObject(output, "format", "output_config.format");
  const format = current ?? optionalObject(body, "output_format");
  if (format === null) return null;
  const place = current === null ? "output_format" : "output_config.format";
  if (format.type !== "json_schema") throw invalid(`${place}.type`, "must be json_schema");
  const schema = optionalObject(format, "schema", `${place}.schema`);
  if (schema === null) throw invalid(`${place}.schema`, "is required");
  return { kind: "schema", name: "answer", description: null, schema, strict: null };
}
