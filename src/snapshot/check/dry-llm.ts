// Rules with language models, compiled apart from a snapshot: for commands.
import type { Config } from "../../config/config.ts";
import { LeaseTable } from "../../core/lease.ts";
import type { Service } from "../../core/service.ts";
import { LlmRoutes } from "../llm/llm-routes.ts";
import { loadFormats } from "../llm/prepare.ts";

/**
 * The compiler of rules for a configuration with language models; nothing is learnt about keys and models yet.
 * @param serviceNamed absent: nothing can be sent
 */
export async function dryLlmRoutes(
  config: Config,
  serviceNamed: (name: string) => Service = unreachable,
): Promise<LlmRoutes> {
  return new LlmRoutes({ config, leases: new LeaseTable().holder() }, await loadFormats(), serviceNamed, null);
}

function unreachable(name: string): Service {
  return {
    name,
    endpoints: [],
    picker: { pick: () => null },
    breaker: null,
    limiter: null,
    retry: null,
    mayRefuse: false,
    isFailure: () => false,
  };
}
