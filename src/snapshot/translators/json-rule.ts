// A rule's mappings and print options as its translator wants them.
import type { Config, RuleConfig } from "../../config/config.ts";
import type { JsonRule, MethodMapping, PrintOptions } from "../../translators/grpc-json/rule.ts";

/** What the file says about the JSON clients of a rule. */
export function jsonRule(config: Config, rule: RuleConfig): JsonRule {
  const { grpc, transcoding } = rule;
  const { printOptions } = config.protocols.grpc.jsonTranscoding;
  const { maxMessageSize, maxCallSendMsgSize, maxCallRecvMsgSize } = config.backend.grpc;
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

function mappings(block: string, written: Readonly<Record<string, string>>): MethodMapping[] {
  return Object.entries(written).map(([key, target]) => {
    const [method = "", template = ""] = key.trim().split(/\s+/);
    return { method: method.toUpperCase(), template, target, key: `${block}.${key}` };
  });
}
