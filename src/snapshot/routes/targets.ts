// Where the requests of a rule go: its service, then that of its `fallback`; or an answer of the gateway's own.
import type { RuleConfig } from "../../config/config.ts";
import { INTERNAL } from "../../config/meaning/services.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { Responder } from "../../core/responder.ts";
import type { Strategy, Target } from "../../core/strategy.ts";
import type { Translator } from "../../core/translator.ts";
import { direct } from "../../strategies/direct.ts";
import { internalAnswer } from "../builtin/own-answers.ts";
import type { Build } from "../runtime.ts";
import type { ServiceBuilder } from "../services/service-builder.ts";
import { translatorFor } from "../translators/translators.ts";

const NEVER: ReadonlySet<ErrorCode> = new Set();

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
  if (fallback === null || fallback.serviceName === null) return direct([target(first, translator, NEVER)]);
  // The other service has its own policies, and none of the rule's.
  const other = services.service(fallback.serviceName, loadBalance, grpc, null);
  return direct([target(first, translator, new Set(fallback.on)), target(other, translator, NEVER)]);
}

function target(service: Target["service"], translator: Translator | null, codes: ReadonlySet<ErrorCode>): Target {
  const movesOn = (code: ErrorCode | null) => code !== null && codes.has(code);
  return { service, translator, repeatable: false, movesOn };
}
