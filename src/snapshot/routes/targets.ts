// Where the requests of a rule go: its service, then that of its `fallback`; or an answer of the gateway's own.
import type { RuleConfig } from "../../config/config.ts";
import { INTERNAL } from "../../config/meaning/services.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { Responder } from "../../core/responder.ts";
import type { Strategy, Target } from "../../core/strategy.ts";
import { direct } from "../../strategies/direct.ts";
import { internalAnswer } from "../builtin/own-answers.ts";
import type { Build } from "../runtime.ts";
import type { ServiceBuilder } from "../services/service-builder.ts";
import { translatorFor } from "../translators/translators.ts";

/** The target of a rule. */
export function targetOf(build: Build, rule: RuleConfig, services: ServiceBuilder): Strategy | Responder {
  const { runtime } = build;
  const { serviceName, loadBalance, fallback } = rule;
  const grpc = rule.protocol === "grpc";
  const added = runtime.extensions.target?.(rule, (name) => services.service(name, loadBalance, null, null));
  if (added !== undefined && added !== null) return added;
  if (serviceName === INTERNAL) return internalAnswer(build);
  const translator = translatorFor(build, rule);
  const first = services.service(serviceName, loadBalance, grpc, rule);
  const only: Target = { service: first, translator, repeatable: false, isLast: true, next: () => null };
  if (fallback === null || fallback.serviceName === null) return direct(only);
  // The other service has its own policies, and none of the rule's.
  const other: Target = { ...only, service: services.service(fallback.serviceName, loadBalance, grpc, null) };
  const codes: ReadonlySet<ErrorCode> = new Set(fallback.on);
  return direct({ ...only, isLast: false, next: (code) => (code !== null && codes.has(code) ? other : null) });
}
