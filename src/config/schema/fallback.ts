// `rules[].fallback`: the answer if the service is unavailable.
import type { ErrorCode } from "../../core/errors.ts";
import { didYouMeanOf } from "../text/suggest.ts";
import type { Field, Infer } from "./field.ts";
import { mapOf, object, optional } from "./fields.ts";
import { int, str, strings } from "./scalars.ts";

/** Ways in which a service fails before anything has reached the client. */
const FALLBACK_CODES = [
  "circuit_open",
  "no_endpoint",
  "overloaded",
  "connect_failed",
  "upstream_reset",
  "upstream_tls_failed",
  "upstream_protocol",
  "upstream_timeout",
] as const satisfies readonly ErrorCode[];
type FallbackCode = (typeof FALLBACK_CODES)[number];

const DEFAULT: readonly FallbackCode[] = ["circuit_open", "no_endpoint"];

const codes: Field<readonly FallbackCode[]> = {
  doc: `error codes that it replaces: ${FALLBACK_CODES.map((code) => `\`${code}\``).join(" ")}`,
  type: "[string]",
  json: { anyOf: [{ type: "array", items: { enum: FALLBACK_CODES } }, { enum: FALLBACK_CODES }] },
  fallback: DEFAULT,
  fields: null,
  addressable: false,
  show: (value) => value,
  read(node, path, reading) {
    return strings("")
      .read(node, path, reading)
      .flatMap((word) => {
        const code = FALLBACK_CODES.find((known) => known === word);
        if (code !== undefined) return [code];
        reading.problems.error(
          node.at,
          `${path}: "${word}" is not an error that a fallback can replace${didYouMeanOf(word, FALLBACK_CODES, "there are")}`,
        );
        return [];
      });
  },
};

/** `rules[].fallback`. */
export const ruleFallback = object("The answer if the service is unavailable: from another service, or fixed", {
  on: codes,
  serviceName: optional(str("service that receives the request instead")),
  status: optional(int("status of the fixed answer", undefined, 200, 599)),
  headers: mapOf("header → value of the fixed answer", str("value")),
  body: str("body of the fixed answer", ""),
});

/** A rule's fallback as written. */
export type FallbackSection = Infer<typeof ruleFallback>;
