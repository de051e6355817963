// The part of JSON Schema that the generated schema uses, checked in a page, so that tests need no validator library.

/** A schema or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

const KNOWN = new Set(
  "$schema title description default type properties patternProperties additionalProperties required items anyOf enum minimum maximum pattern".split(
    " ",
  ),
);

/** What is wrong with `value` by `schema`: one line a fault, none when it is valid. */
export function faults(schema: Schema, value: unknown, path = "$"): string[] {
  for (const word of Object.keys(schema)) if (!KNOWN.has(word)) throw new Error(`${path}: unknown word ${word}`);
  const found = [...faultsOfType(schema, value, path), ...faultsOfText(schema, value, path)];
  const any = schema.anyOf as readonly Schema[] | undefined;
  if (any !== undefined && !any.some((one) => faults(one, value, path).length === 0))
    found.push(`${path}: no form fits`);
  if (Array.isArray(value) && schema.items !== undefined) {
    for (const [i, item] of value.entries()) found.push(...faults(schema.items as Schema, item, `${path}[${i}]`));
  }
  if (typeOf(value) === "object") found.push(...faultsOfKeys(schema, value as Record<string, unknown>, path));
  return found;
}

function faultsOfType(schema: Schema, value: unknown, path: string): string[] {
  const type = typeOf(value);
  const fits = schema.type === undefined || schema.type === type || (schema.type === "number" && type === "integer");
  const found = fits ? [] : [`${path}: ${type} is not ${schema.type}`];
  if (typeof value !== "number") return found;
  if (typeof schema.minimum === "number" && value < schema.minimum) found.push(`${path}: below ${schema.minimum}`);
  if (typeof schema.maximum === "number" && value > schema.maximum) found.push(`${path}: above ${schema.maximum}`);
  return found;
}

function faultsOfText(schema: Schema, value: unknown, path: string): string[] {
  const found: string[] = [];
  const words = schema.enum as readonly unknown[] | undefined;
  if (words !== undefined && !words.includes(value)) found.push(`${path}: not among ${words.join(" ")}`);
  if (typeof value === "string" && schema.pattern !== undefined && !new RegExp(schema.pattern as string).test(value)) {
    found.push(`${path}: does not match ${schema.pattern}`);
  }
  return found;
}

function faultsOfKeys(schema: Schema, value: Record<string, unknown>, path: string): string[] {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  const patterns = Object.keys((schema.patternProperties ?? {}) as object);
  const missing = ((schema.required ?? []) as string[]).filter((key) => !Object.hasOwn(value, key));
  const found = missing.map((key) => `${path}: ${key} is missing`);
  for (const [key, below] of Object.entries(value)) {
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known !== undefined) found.push(...faults(known, below, `${path}.${key}`));
    else if (patterns.some((p) => new RegExp(p).test(key))) continue;
    else if (schema.additionalProperties === false) found.push(`${path}: unknown key ${key}`);
    else if (typeof schema.additionalProperties === "object") {
      found.push(...faults(schema.additionalProperties as Schema, below, `${path}.${key}`));
    }
  }
  return found;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" && Number.isInteger(value) ? "integer" : typeof value;
}
