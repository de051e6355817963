// The JSON Schema editors complete and check the file with; same source as the validator, so the two cannot disagree.
import { type JsonSchema, jsonOf } from "./fields.ts";
import { root } from "./root.ts";

/** Schema of a configuration file, JSON Schema draft 2020-12. */
export function configSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Gateway configuration",
    ...jsonOf(root),
  };
}
