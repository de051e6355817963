// How the APIs of OpenAI word what is wrong with the shape of a request.

import { Refusal } from "./refusal.ts";
import { Mismatch, type Place } from "./shape.ts";

/** Checks a body. @throws Refusal in OpenAI's words */
export function checkShape(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof Mismatch ? worded(error) : error;
  }
}

function worded({ kind, place, expected, found }: Mismatch): Refusal {
  const param = dotted(place);
  const refuse = (message: string, code: string) => new Refusal("invalid", message, param, code);
  switch (kind) {
    case "unknown":
      return refuse(`Unknown parameter: '${param}'.`, "unknown_parameter");
    case "missing":
      return refuse(`Missing required parameter: '${param}'.`, "missing_required_parameter");
    case "type":
      return refuse(
        `Invalid type for '${param}': expected ${expected}, but got ${named(found)} instead.`,
        "invalid_type",
      );
    case "value":
      return refuse(`Invalid value: '${String(found)}'. Supported values are: ${expected}.`, "invalid_value");
    case "pattern":
      return refuse(
        `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '${expected}'.`,
        "invalid_value",
      );
    case "tooLong":
      return refuse(
        `Invalid '${param}': string too long. Expected a string with maximum length ${expected}, but got a string with length ${String(found).length} instead.`,
        "string_above_max_length",
      );
    case "range":
      return refuse(`Invalid '${param}': expected ${expected}.`, "invalid_value");
  }
}

function dotted(place: Place): string {
  return place.map((key, i) => (typeof key === "number" ? `[${key}]` : i === 0 ? key : `.${key}`)).join("");
}

function named(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
