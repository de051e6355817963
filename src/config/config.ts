// The types of a loaded configuration: all values in effect, inferred ones included, frozen. Snapshots are compiled from
// it.
import type { AcmeSettings, NameSet } from "../acme/settings.ts";
import type { AccountSettings } from "../auth/accounts/settings.ts";
import type { RbacSettings } from "../authz/settings.ts";
import type { BalancerName, RegistryName } from "../catalog.ts";
import type { EndpointSpec } from "../core/endpoint.ts";
import type { RetryRule } from "../core/retry.ts";
import type { KeySource } from "../limits/keys.ts";
import type { Limit } from "../limits/limit.ts";
import type { LlmSettings } from "../llm/settings.ts";
import type { BreakerOptions } from "../resilience/breaker.ts";
import type { Conditions } from "../routing/conditions.ts";
import type { Pattern } from "../routing/pattern.ts";
import type { CorsSettings } from "../shaping/cors-policy.ts";
import type { ServerTls } from "../tls/server-tls.ts";
import type { JsonRule } from "../translators/grpc-json/rule.ts";
import type { AuthConfig, RuleAuthConfig } from "./meaning/auth-config.ts";
import type { RuleAuthzConfig } from "./meaning/authz-config.ts";
import type { HashConfig, RuleBalancing, SessionConfig } from "./meaning/balancing.ts";
import type { DescriptorFiles } from "./meaning/descriptors.ts";
import type { HealthConfig } from "./meaning/health-config.ts";
import type { ListenerConfig, ListenerDraft } from "./meaning/listeners.ts";
import type { StrategyConfig } from "./meaning/llm/strategy-config.ts";
import type { RuleEventStreamConfig, RuleWebSocketConfig } from "./meaning/stream-config.ts";
import type { FallbackSection } from "./schema/fallback.ts";
import type { Origin } from "./schema/field.ts";
import type { RedisSection } from "./schema/redis.ts";
import type { Written } from "./schema/root.ts";
import type { RuleSection } from "./schema/router.ts";
import type { UpstreamTls } from "./schema/upstream-tls.ts";
import type { Position } from "./text/problem.ts";

/** What the backends of a rule speak, and what its clients may ask for. */
export type Protocol = "http" | "websocket" | "sse" | "grpc";

/** A rate limit. */
export interface RateConfig {
  readonly limit: Limit;
  readonly key: readonly KeySource[];
  /** Name of a store that exists. */
  readonly store: string;
  /** Lower-case name of the header that says what a request costs; "" none. */
  readonly costField: string;
  /** What kind of limit it is, for metrics: `global`, `perIP`, or what a rule counts by. */
  readonly kind: string;
  /** Whether the limit is one of all rules, which count together. */
  readonly overall: boolean;
}

/** A bound on requests under way. */
export interface ConcurrencyConfig {
  readonly max: number;
  readonly key: readonly KeySource[];
}

/** How a Redis is reached. Times in ms. */
export type RedisConfig = RedisSection;

/** A store of limits in Redis. */
export interface RedisStoreConfig {
  /** The name in the configuration, also for the default store. */
  readonly name: string;
  readonly redis: RedisConfig;
  readonly onFailure: "local" | "deny" | "allow";
  readonly onLoss: "spent" | "fresh";
}

/** Name → store in Redis, null: in memory. `default` and `memory` are always there. */
export type StoreConfigs = ReadonlyMap<string, RedisStoreConfig | null>;

/** An account, and the certificates ordered with it. */
export interface AcmeConfig extends Omit<AcmeSettings, "store"> {
  readonly store:
    | { readonly kind: "folder"; readonly folder: string }
    | { readonly kind: "redis"; readonly name: string; readonly redis: RedisConfig };
  readonly sets: readonly NameSet[];
}

/** Circuits of the requests to a service. */
export interface BreakerConfig {
  /** What has a circuit. */
  readonly scope: "service" | "endpoint" | "both";
  /** Statuses that are failures; null: every 5xx but 501. */
  readonly failureStatuses: readonly number[] | null;
  readonly options: BreakerOptions;
}

/** Retries of the requests to a service. */
export interface RetryConfig extends Omit<RetryRule, "budget" | "isRetryable" | "isRetryableCall"> {
  /** HTTP statuses that are worth another try. */
  readonly statuses: readonly number[];
  /** gRPC statuses of calls without an answer that are worth another try. */
  readonly grpcStatuses: readonly number[];
  /** Retries in a window: a share of its requests, and never fewer than `minRetries`; null: no bound. */
  readonly budget: { readonly ratio: number; readonly minRetries: number; readonly windowMs: number } | null;
}

/** What answers instead of a rule's service. */
export type FallbackConfig = FallbackSection;
/** How the gateway trusts services. */
export type UpstreamTlsConfig = UpstreamTls;

/** Where the messages of gRPC of a rule are described. */
type RuleDescriptorsConfig = Pick<
  NonNullable<RuleSection["grpc"]>,
  "protoFiles" | "importPaths" | "protoDescriptor" | "protoDescriptorBase64" | "dynamicDescriptors"
>;

/** Keys of a rule that are inferred, completed or read together with others. */
type ReadRuleKey =
  | "id"
  | "listeners"
  | "hosts"
  | "methods"
  | "match"
  | "loadBalance"
  | "sessionAffinity"
  | "consistentHash"
  | "protocol"
  | "timeout"
  | "maxRequestSize"
  | "rateLimit"
  | "rateLimitBurst"
  | "rateLimitStorage"
  | "rateLimitExpiration"
  | "rateLimits"
  | "concurrency"
  | "authRequired"
  | "authType"
  | "requiredScopes"
  | "authService"
  | "requiredPermissions"
  | "requireAllPermissions"
  | "auth"
  | "cors"
  | "websocket"
  | "sse"
  | "grpc"
  | "transcoding"
  | "strategy"
  | "preserveHost";

/** Keys of a rule that mean what they say: a key that is added to the schema is one of them. Times in ms, sizes in bytes. */
export type PlainRule = Omit<RuleSection, ReadRuleKey>;

/** A rule. */
export interface RuleConfig extends PlainRule {
  readonly id: string;
  /** Dotted place below `gateway`, such as `router.rules[0]`. */
  readonly key: string;
  readonly at: Position;
  /** What {@link path} means. */
  readonly pattern: Pattern;
  readonly conditions: Conditions;
  /** Language models that answer in place of the service, whose name is then `_llm`; null: the service answers. */
  readonly strategy: StrategyConfig | null;
  readonly loadBalance: BalancerName;
  /** For the kinds of balancing that hash. */
  readonly hash: HashConfig;
  /** Settings of sticky sessions; null when the rule has none. */
  readonly sessions: SessionConfig | null;
  readonly protocol: Protocol;
  /** Whether backends get the client's `Host`. */
  readonly preserveHost: boolean;
  /** 0: no total deadline. */
  readonly timeoutMs: number;
  /** Whether the file sets the timeout, rather than the default. */
  readonly timeoutWritten: boolean;
  /** 0: no limit. */
  readonly maxBodyBytes: number;
  /** Its own limits and those of every rule. */
  readonly rateLimits: readonly RateConfig[];
  readonly concurrency: ConcurrencyConfig | null;
  /** null: requests need no authentication, and nobody looks for any. */
  readonly auth: RuleAuthConfig | null;
  /** null: no permission is required. */
  readonly authz: RuleAuthzConfig | null;
  /** null: CORS is off. */
  readonly cors: CorsSettings | null;
  readonly websocket: RuleWebSocketConfig;
  readonly eventStreams: RuleEventStreamConfig;
  /** The same for calls of gRPC. */
  readonly callRecheckMs: number | null;
  /** How JSON is translated; null: all clients of the rule speak gRPC. */
  readonly transcoding: JsonRule | null;
  /** Where its own messages of gRPC are described; null: nowhere. */
  readonly descriptors: RuleDescriptorsConfig | null;
}

/** A service with its inferred parts. */
export interface ServiceConfig {
  readonly name: string;
  readonly at: Position;
  readonly endpoints: readonly EndpointSpec[];
}

/** Sections that need no inference. Times in ms, sizes in bytes. */
interface PlainSections {
  readonly frontend: Written["frontend"];
  readonly backend: Written["backend"];
  readonly protocols: Written["protocols"];
  /** `breakerOf` tells what it means for a service and a rule. */
  readonly circuitBreaker: Written["circuitBreaker"];
  /** `retryOf` tells what it means for a service and a rule. */
  readonly retry: Written["retry"];
  /** `groupingOf` tells what it means for a service. */
  readonly loadBalancing: Written["loadBalancing"];
  /** `adaptiveLimitOf` tells what it means for a service. */
  readonly adaptiveConcurrency: Written["adaptiveConcurrency"];
  /** `outlierSettings` and `connectFailureLimit` tell what it means for a service. */
  readonly outlierDetection: Written["outlierDetection"];
  readonly overload: Written["overload"];
  readonly metrics: Written["metrics"];
  readonly management: Written["management"];
  readonly shutdown: Written["shutdown"];
  readonly tests: Written["tests"];
}

/** The sections after inference. */
export interface Meaning extends PlainSections {
  readonly listeners: readonly ListenerDraft[];
  readonly rules: readonly RuleConfig[];
  /** Those of the static registry, then one for each provider of `llm`. */
  readonly services: readonly ServiceConfig[];
  /** null: no language models are configured. */
  readonly llm: LlmSettings | null;
  /** `llm.authAdapters.google`; null: users cannot connect accounts. */
  readonly llmAccounts: AccountSettings | null;
  readonly registry: { readonly type: RegistryName };
  /** Balancing of services that are used without a rule. */
  readonly defaultBalancing: RuleBalancing;
  readonly health: HealthConfig;
  /** CORS of requests that find no route; null: it is off. */
  readonly cors: CorsSettings | null;
  /** Where limits are counted. */
  readonly stores: StoreConfigs;
  /** `middleware.tracking`: ids of requests. */
  readonly tracking: Written["middleware"]["tracking"];
  /** `telemetry.logging`: access and application log. */
  readonly logging: Written["telemetry"]["logging"];
}

/** Content of certificates and keys, by path as written. */
export type Material = ReadonlyMap<string, string>;

/** A configuration. */
export interface Config extends Omit<Meaning, "listeners"> {
  /** The listeners for clients. */
  readonly listeners: readonly ListenerConfig[];
  /** TLS of the management listener; null: none. */
  readonly managementTls: ServerTls | null;
  readonly auth: AuthConfig;
  /** null: role-based access control is off. */
  readonly rbac: RbacSettings | null;
  /** Accounts at authorities, and the certificates that are ordered with them. */
  readonly acme: readonly AcmeConfig[];
  /** Dotted path below `gateway` → where its value came from; defaults are not in it. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** The TLS files in use towards services and stores. */
  readonly tlsFiles: Material;
  /** Content of the files that describe gRPC messages. */
  readonly descriptors: DescriptorFiles;
  /** First 12 hexadecimal digits of the SHA-256 over everything that takes effect. */
  readonly hash: string;
  /** The sections as read, to be shown and compared. Only this folder knows their type. */
  readonly written: unknown;
}
