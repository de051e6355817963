// Runs every inference and every check across sections, in order.
import type { Meaning } from "../config.ts";
import type { Environment } from "../schema/environment.ts";
import { checkAdaptiveLimits } from "./adaptive-limit.ts";
import { checkBackends } from "./backends.ts";
import { checkLoadBalancing, defaultBalancing } from "./balancing.ts";
import { readCors } from "./cors.ts";
import type { Draft } from "./draft.ts";
import { checkFallbacks } from "./fallbacks.ts";
import { checkHeadLimits } from "./head-limits.ts";
import { readHealth } from "./health.ts";
import { checkIpLists } from "./ip-lists.ts";
import { type Known, namesOf } from "./known.ts";
import { readListeners } from "./listeners.ts";
import { checkKeyless } from "./llm/keyless.ts";
import { readLlm } from "./llm/llm.ts";
import { providerServices } from "./llm/services.ts";
import { checkManagement } from "./management.ts";
import { checkOutliers } from "./outliers.ts";
import { checkPorts } from "./ports.ts";
import { checkProxies } from "./proxies.ts";
import { checkResilience } from "./resilience.ts";
import { checkAnyRule, readRules } from "./rules.ts";
import { readServices } from "./services.ts";
import { readStores } from "./stores.ts";
import { checkTls } from "./tls.ts";
import { checkUnusedAuth } from "./unused-auth.ts";

/** Checks of sections that need no inference. */
const CHECKS: readonly ((draft: Draft, known: Known) => void)[] = [
  checkBackends,
  checkLoadBalancing,
  checkAnyRule,
  checkResilience,
  checkAdaptiveLimits,
  checkFallbacks,
  checkProxies,
  checkIpLists,
  checkHeadLimits,
  checkManagement,
  checkPorts,
  checkTls,
  checkOutliers,
  checkUnusedAuth,
  checkKeyless,
];

/**
 * Infers what is left out, and finds what refers to nothing, is there twice or contradicts itself.
 * @param env in which keys of providers may be
 */
export function normalize(draft: Draft, env: Environment): Meaning {
  const listeners = readListeners(draft);
  const listed = readServices(draft);
  const llm = readLlm(draft, env);
  const services = [...listed, ...providerServices(draft, llm.providers)];
  const serviceNames = namesOf(draft, listed);
  const rules = readRules(draft, services, serviceNames, listeners, llm.settings);
  const known: Known = { listeners, services, serviceNames, rules, llm: llm.settings };
  for (const check of CHECKS) check(draft, known);
  const { registry, router, middleware, telemetry, ...sections } = draft.written;
  const { include: _, redis: __, rateLimitStorage: ___, auth: ____, authz: _____, ...plain } = sections;
  return {
    ...plain,
    listeners,
    rules,
    services,
    llm: llm.settings,
    llmAccounts: llm.accounts,
    registry: { type: registry.type },
    defaultBalancing: defaultBalancing(router),
    health: readHealth(draft, listed, serviceNames),
    cors: readCors(draft),
    stores: readStores(draft),
    tracking: middleware.tracking,
    logging: telemetry.logging,
  };
}
