// What OpenAI demands of JSON schemas that it is to follow strictly, and of parameters of tools.
import { Refusal } from "./refusal.ts";

type Schema = Readonly<Record<string, unknown>>;

/** Refuses parameters of a tool that are no object. @throws Refusal @param param dotted place */
export function checkParameters(name: string, schema: Schema | undefined, strict: boolean, param: string): void {
  if (schema === undefined) return;
  const refuse = (what: string) =>
    new Refusal("invalid", `Invalid schema for function '${name}': ${what}`, param, "invalid_function_parameters");
  if (schema.type !== "object")
    throw refuse(`schema must be a JSON Schema of 'type: "object"', got 'type: "${String(schema.type ?? "None")}"'.`);
  if (strict) checkStrict(schema, [], refuse);
}

/** Refuses the schema of an answer that cannot be followed strictly. @throws Refusal */
export function checkOutput(name: string, schema: Schema, strict: boolean, param: string): void {
  const refuse = (what: string) =>
    new Refusal("invalid", `Invalid schema for response_format '${name}': ${what}`, param, "invalid_json_schema");
  if (strict) checkStrict(schema, [], refuse);
}

function checkStrict(schema: Schema, at: readonly string[], refuse: (what: string) => Refusal): void {
  const context = `In context=(${at.map((key) => `'${key}'`).join(", ")})`;
  if (schema.type === "object") {
    if (schema.additionalProperties !== false)
      throw refuse(`${context}, 'additionalProperties' is required to be supplied and to be false.`);
    const properties = Object.entries((schema.properties ?? {}) as Readonly<Record<string, Schema>>);
    const required = Array.isArray(schema.required) ? schema.required : [];
    for (const [key, below] of properties) {
      if (!required.includes(key))
        throw refuse(`${context}, 'required' is required to be supplied and to hold every key. Missing '${key}'.`);
      checkStrict(below, [...at, "properties", key], refuse);
    }
  }
  if (typeof schema.items === "object" && schema.items !== null)
    checkStrict(schema.items as Schema, [...at, "items"], refuse);
}
