// Which rules have JSON clients of a gRPC service, and how their requests and messages are translated.
import type { JsonRule, MethodMapping, PrintOptions } from "../../translators/grpc-json/rule.ts";
import type { RuleConfig } from "../config.ts";
import type { RuleSection } from "../schema/router.ts";
import type { ServiceBackend } from "./backends.ts";
import type { Draft } from "./draft.ts";

/** How JSON is translated for the clients of a rule; null: they speak gRPC. */
export function readJsonRule(
  draft: Draft,
  section: RuleSection,
  rule: Pick<RuleConfig, "protocol" | "pattern">,
  backend: ServiceBackend,
): JsonRule | null {
  const { grpc, transcoding } = section;
  const { enabled, printOptions } = draft.written.protocols.grpc.jsonTranscoding;
  const asked =
    transcoding !== null ||
    (grpc !== null && (grpc.enableTranscoding || grpc.service !== "" || Object.keys(grpc.transcodingRules).length > 0));
  if (rule.protocol !== "grpc" || !enabled || !asked) return null;
  const { maxMessageSize, maxCallSendMsgSize, maxCallRecvMsgSize } = backend.grpc;
  // Each direction has its own bound at the connector; here is only one, for both.
  const largest = Math.max(maxCallSendMsgSize || maxMessageSize, maxCallRecvMsgSize || maxMessageSize);
  return {
    prefix: rule.pattern.literalPrefix,
    mappings: [
      ...mappings("grpc.transcodingRules", grpc?.transcodingRules ?? {}),
      ...mappings("transcoding.methodMappings", transcoding?.methodMappings ?? {}),
    ],
    pathMappings: Object.entries(transcoding?.pathMappings ?? {}),
    service: grpc?.service ?? "",
    method: grpc?.method ?? "",
    print: printOptions ?? DEFAULT_PRINT,
    maxMessageBytes: maxMessageSize === 0 ? NO_LIMIT : largest,
    ignoreUnknownFields: true,
  };
}

/** Without a block of its own. */
const DEFAULT_PRINT: PrintOptions = {
  addWhitespace: false,
  alwaysPrintPrimitiveFields: true,
  alwaysPrintEnumsAsInts: false,
  preserveProtoFieldNames: true,
};
const NO_LIMIT = 2 ** 31 - 1;

function mappings(block: string, given: Readonly<Record<string, string>>): MethodMapping[] {
  return Object.entries(given).map(([key, target]) => {
    const [method = "", template = ""] = key.trim().split(/\s+/);
    return { method: method.toUpperCase(), template, target, key: `${block}.${key}` };
  });
}
