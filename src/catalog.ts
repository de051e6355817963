// The implementations that a configuration selects by name: a new balancer or registry is one file and one line here.

import { adaptive } from "./balancing/adaptive.ts";
import { consistentHash, ipHash } from "./balancing/consistent-hash.ts";
import { leastConnections, responseTime } from "./balancing/least.ts";
import { random } from "./balancing/random.ts";
import { roundRobin } from "./balancing/round-robin.ts";
import type { BalancerSettings } from "./balancing/settings.ts";
import { stickySession } from "./balancing/sticky-session.ts";
import type { RegistryKind } from "./core/registry.ts";
import type { Balancer } from "./core/service.ts";
import type { FormatName, WireFormat } from "./llm/format.ts";
import { staticRegistry } from "./registries/static.ts";

/** `loadBalance` → balancer. All heed weights; the two names that say so are older than that. */
export const BALANCERS = {
  round_robin: roundRobin,
  weighted_round_robin: roundRobin,
  random,
  weighted_random: random,
  least_connections: leastConnections,
  response_time: responseTime,
  adaptive,
  consistent_hash: consistentHash,
  ip_hash: ipHash,
  sticky_session: stickySession,
} satisfies Record<string, (settings: BalancerSettings) => Balancer>;

/** `registry.type` → registry. */
export const REGISTRIES = {
  static: staticRegistry,
} satisfies Record<string, RegistryKind>;

/** Wire formats of language models, each loaded when a configuration has models. */
export const WIRE_FORMATS = {
  "openai-chat": async () => (await import("./llm/openai-chat/format.ts")).openaiChat,
  "openai-responses": async () => (await import("./llm/openai-responses/format.ts")).openaiResponses,
  "anthropic-messages": async () => (await import("./llm/anthropic/format.ts")).anthropicMessages,
  gemini: async () => (await import("./llm/gemini/format.ts")).gemini,
} satisfies Record<FormatName, () => Promise<WireFormat>>;

/** A balancer's name. */
export type BalancerName = keyof typeof BALANCERS;
/** Names of balancers, for the schema. */
export const BALANCER_NAMES = Object.keys(BALANCERS) as BalancerName[];
/** A registry's name. */
export type RegistryName = keyof typeof REGISTRIES;
/** Names of registries, for the schema. */
export const REGISTRY_NAMES = Object.keys(REGISTRIES) as RegistryName[];
