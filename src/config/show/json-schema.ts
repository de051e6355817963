// The JSON Schema editors complete and check the file with; same source as the validator, so the two cannot disagree.
import type { JsonSchema } from "../schema/field.ts";
import { jsonOf } from "../schema/fields.ts";
import { root } from "../schema/root.ts";

/** Schema of a configuration file, JSON Schema draft 2020-12. */
export function configSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Gateway configuration",
    ...jsonOf(root),
  };
}
