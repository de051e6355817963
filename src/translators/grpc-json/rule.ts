// The transcoding settings of a gRPC route, as plain data.

/** How messages are written as JSON (proto3 JSON mapping, "JSON options"). */
export interface PrintOptions {
  /** Unary answers are indented; streams stay one message a line. */
  readonly addWhitespace: boolean;
  /** Fields without presence are written even when they have their default. */
  readonly alwaysPrintPrimitiveFields: boolean;
  readonly alwaysPrintEnumsAsInts: boolean;
  /** `user_id` instead of `userId`. */
  readonly preserveProtoFieldNames: boolean;
}

/** `"GET /v1/users/{id}": "pkg.Users/Get"` of the configuration. */
export interface MethodMapping {
  /** HTTP method in upper case, or `*`. */
  readonly method: string;
  /** Path template as in google.api.http. */
  readonly template: string;
  /** `pkg.Service/Method` or `pkg.Service.Method`; the service may be unqualified. */
  readonly target: string;
  /** Where configuration says so: a dotted key below the rule. */
  readonly key: string;
}

/** Transcoding rules of one route. */
export interface JsonRule {
  /** Literal prefix of the route's path without trailing slash; "" for none. */
  readonly prefix: string;
  readonly mappings: readonly MethodMapping[];
  /** Path prefix → service. The longest one wins. */
  readonly pathMappings: readonly (readonly [prefix: string, service: string])[];
  /** Fixed service, or "" . */
  readonly service: string;
  /** Fixed method of {@link service}, or "". */
  readonly method: string;
  readonly print: PrintOptions;
  /** Largest message in either direction, bytes, as JSON text and as protobuf. */
  readonly maxMessageBytes: number;
  /** Unknown fields in JSON bodies are skipped instead of refused. */
  readonly ignoreUnknownFields: boolean;
}
