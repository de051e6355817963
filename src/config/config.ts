// What a configuration means: the written sections with everything inferred, frozen, ready to be compiled.
import type { EndpointSpec } from "../core/endpoint.ts";
import type { Conditions } from "../routing/conditions.ts";
import type { Pattern } from "../routing/pattern.ts";
import type { HashConfig, SessionConfig } from "./meaning/balancing.ts";
import type { DescriptorFiles } from "./meaning/descriptors.ts";
import type { HealthConfig } from "./meaning/health-config.ts";
import type { ConcurrencyConfig, RateConfig } from "./meaning/limits.ts";
import type { StoreConfigs } from "./meaning/stores.ts";
import type { Material } from "./meaning/tls-files.ts";
import type { Origin } from "./schema/fields.ts";
import type { Written } from "./schema/root.ts";
import type { RuleSection } from "./schema/router.ts";
import type { Position } from "./text/problem.ts";

/** What the backends of a rule speak, and what its clients may ask for. */
export type Protocol = "http" | "websocket" | "sse" | "grpc";

/** A rule with its inferred parts. */
export interface RuleConfig {
  readonly id: string;
  readonly at: Position;
  readonly pattern: Pattern;
  readonly conditions: Conditions;
  readonly loadBalance: NonNullable<RuleSection["loadBalance"]>;
  /** For the kinds of balancing that hash. */
  readonly hash: HashConfig;
  /** For sticky sessions; null: nobody is remembered. */
  readonly sessions: SessionConfig | null;
  readonly maxBodyBytes: number;
  readonly protocol: Protocol;
  /** The file itself says how long the rule may take. */
  readonly timeoutWritten: boolean;
  /** Its own limits and those of every rule. */
  readonly rateLimits: readonly RateConfig[];
  readonly concurrency: ConcurrencyConfig | null;
  readonly written: RuleSection;
}

/** A service with its inferred parts. */
export interface ServiceConfig {
  readonly name: string;
  readonly at: Position;
  readonly endpoints: readonly EndpointSpec[];
}

/** A configuration as meant. */
export interface Config {
  readonly written: Written;
  readonly rules: readonly RuleConfig[];
  readonly services: readonly ServiceConfig[];
  /** What is checked, and how. */
  readonly health: HealthConfig;
  /** Where limits are counted. */
  readonly stores: StoreConfigs;
  /** Dotted path below `gateway` → where its value came from; defaults are not in it. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Content of the TLS files in use, by path as written. */
  readonly tlsFiles: Material;
  /** Content of the files that describe gRPC messages. */
  readonly descriptors: DescriptorFiles;
  /** First 12 hexadecimal digits of the SHA-256 over everything that takes effect. */
  readonly hash: string;
}
