// `rules[].fallback`: what answers when the service cannot.
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
  doc: `error codes it stands in for: ${FALLBACK_CODES.map((code) => `\`${code}\``).join(" ")}`,
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
          `${path}: "${word}" is no error a fallback stands in for${didYouMeanOf(word, FALLBACK_CODES, "there are")}`,
        );
        return [];
      });
  },
};

/** `rules[].fallback`. */
export const ruleFallback = object("What answers instead of the service: another service, or these words", {
  on: codes,
  serviceName: optional(str("service to send to instead")),
  status: optional(int("status of the answer made here", undefined, 200, 599)),
  headers: mapOf("header → value of the answer made here", str("value")),
  body: str("body of the answer made here", ""),
});

/** A rule's fallback as written. */
export type FallbackSection = Infer<typeof ruleFallback>;
