// What a rule and `protocols.grpc` say about JSON clients of gRPC services.
import { listOf, mapOf, object, optional } from "./fields.ts";
import { bool, dur, oneOf, str, strings } from "./scalars.ts";
import { ruleTokenValidation } from "./token-validation.ts";

/** `rules[].grpc`. */
export const ruleGrpc = object("Calls of this rule, JSON in front of them, and where the messages are described", {
  enableTranscoding: bool("translate HTTP/JSON; also on when the rule has mappings", false),
  service: str("fixed service", ""),
  method: str("fixed method of that service", ""),
  protoFiles: strings("`.proto` sources"),
  importPaths: strings("where their imports are looked up; the usual files of google/ are built in"),
  protoDescriptor: str("FileDescriptorSet", ""),
  protoDescriptorBase64: str("the same as base64; wins over the file", ""),
  transcodingRules: mapOf('`"METHOD /template/{x}"` → `package.Service/Method`', str("method")),
  dynamicDescriptors: object("Descriptor sets of this rule", {
    files: strings("FileDescriptorSets"),
    directories: strings("directories walked for `*.desc` and `*.pb`"),
    autoReload: bool("reload when one of them changes", true),
  }),
  ...ruleTokenValidation("frontend.grpc"),
});

/** `rules[].transcoding`. */
export const ruleTranscoding = object("Mappings by path", {
  pathMappings: mapOf("path prefix → service", str("service")),
  methodMappings: mapOf('`"METHOD /template"` → method', str("method")),
});

/** `protocols`. */
export const protocols = object("What is common to all routes of a protocol", {
  grpc: object("gRPC", {
    enabled: bool("use this block", true),
    autoReload: bool("reload when a descriptor file changes, poll URLs", true),
    reloadInterval: dur("poll of URLs", 30_000),
    descriptorSources: listOf(
      "FileDescriptorSets for every transcoding rule",
      object("One source", {
        type: oneOf("where they are", ["file", "http"], undefined, { https: "http" }),
        paths: strings("files, or directories walked for `*.desc` and `*.pb`"),
        urls: strings("URLs"),
        headers: mapOf("request header → value", str("value")),
        timeout: dur("time for one request", 30_000),
      }),
    ),
    services: listOf(
      "gRPC services that no rule names, and the service that has them",
      object("One service", { name: str("full gRPC service name"), backend: str("service of the registry") }),
    ),
    jsonTranscoding: object("How messages are written as JSON", {
      enabled: bool("false: no rule translates", true),
      printOptions: optional(
        object("Options; a missing one is false once the block is there", {
          addWhitespace: bool("indent; without the block false", false),
          alwaysPrintPrimitiveFields: bool("also fields at their default; without the block true", false),
          alwaysPrintEnumsAsInts: bool("numbers instead of names; without the block false", false),
          preserveProtoFieldNames: bool("`user_id` instead of `userId`; without the block true", false),
        }),
      ),
    }),
  }),
});
