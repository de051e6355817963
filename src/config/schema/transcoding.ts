// Settings of rules and `protocols.grpc` for JSON clients of gRPC services.
import { listOf, mapOf, object, optional } from "./fields.ts";
import { bool, dur, oneOf, str, strings } from "./scalars.ts";
import { ruleTokenValidation } from "./token-validation.ts";

/** `rules[].grpc`. */
export const ruleGrpc = object("Calls of this rule, JSON in front of gRPC, and the sources of message descriptors", {
  enableTranscoding: bool("translate HTTP/JSON; also enabled if the rule has mappings", false),
  service: str("fixed service", ""),
  method: str("fixed method of that service", ""),
  protoFiles: strings("`.proto` sources"),
  importPaths: strings("where their imports are searched; the common files of google/ are built in"),
  protoDescriptor: str("FileDescriptorSet", ""),
  protoDescriptorBase64: str("the same as base64; takes precedence over the file", ""),
  transcodingRules: mapOf('`"METHOD /template/{x}"` → `package.Service/Method`', str("method")),
  dynamicDescriptors: object("Descriptor sets of this rule", {
    files: strings("FileDescriptorSets"),
    directories: strings("directories searched for `*.desc` and `*.pb`"),
    autoReload: bool("reload if one of them changes", true),
  }),
  ...ruleTokenValidation("frontend.grpc"),
});

/** `rules[].transcoding`. */
export const ruleTranscoding = object("Mappings by path", {
  pathMappings: mapOf("path prefix → service", str("service")),
  methodMappings: mapOf('`"METHOD /template"` → method', str("method")),
});

/** `protocols`. */
export const protocols = object("Settings for all routes of a protocol", {
  grpc: object("gRPC", {
    enabled: bool("use this block", true),
    autoReload: bool("reload if a descriptor file changes, and poll URLs", true),
    reloadInterval: dur("polling interval for URLs", 30_000),
    descriptorSources: listOf(
      "FileDescriptorSets for every transcoding rule",
      object("One source", {
        type: oneOf("kind of source", ["file", "http"], undefined, { https: "http" }),
        paths: strings("files, or directories searched for `*.desc` and `*.pb`"),
        urls: strings("URLs"),
        headers: mapOf("request header → value", str("value")),
        timeout: dur("timeout for one request", 30_000),
      }),
    ),
    services: listOf(
      "gRPC services without a rule, and the service that provides them",
      object("One service", { name: str("full gRPC service name"), backend: str("service of the registry") }),
    ),
    jsonTranscoding: object("JSON format of messages", {
      enabled: bool("false: disable translation on all rules", true),
      printOptions: optional(
        object("Options; if the block is present, a missing option is false", {
          addWhitespace: bool("indent; without the block false", false),
          alwaysPrintPrimitiveFields: bool("also fields at their default; without the block true", false),
          alwaysPrintEnumsAsInts: bool("numbers instead of names; without the block false", false),
          preserveProtoFieldNames: bool("`user_id` instead of `userId`; without the block true", false),
        }),
      ),
    }),
  }),
});
