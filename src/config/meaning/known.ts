// The services and rules of a configuration, to which other sections refer.
import { REGISTRIES } from "../../catalog.ts";
import type { LlmSettings } from "../../llm/settings.ts";
import type { RuleConfig, ServiceConfig } from "../config.ts";
import type { Position } from "../text/problem.ts";
import type { Draft } from "./draft.ts";
import type { ListenerDraft } from "./listeners.ts";
import { isReserved, providerService } from "./llm/services.ts";

/** Listeners, services and rules, known before the sections that refer to them are checked. */
export interface Known {
  readonly listeners: readonly ListenerDraft[];
  readonly services: readonly ServiceConfig[];
  readonly serviceNames: ReadonlySet<string>;
  readonly rules: readonly RuleConfig[];
  readonly llm: LlmSettings | null;
}

/** Whether the registry may bring services that the configuration does not list. */
export function mayGrow({ written }: Draft): boolean {
  return REGISTRIES[written.registry.type].mayGrow;
}

/** The names a configuration may give to services. Requests to one that the registry has not brought yet have no endpoint. */
export function namesOf(draft: Draft, services: readonly ServiceConfig[]): ReadonlySet<string> {
  const providers = Object.keys(draft.written.llm?.providers ?? {}).map(providerService);
  const names = [...services.map(({ name }) => name), ...providers];
  return mayGrow(draft) ? new GrowingNames(names) : new Set(names);
}

/** None is unknown; those that are listed can be read from it. */
class GrowingNames extends Set<string> {
  override has(): boolean {
    return true;
  }
}

/** Services as rules see them: a rule of a file those of the files, a rule of a fragment also those of that fragment. */
export class VisibleServices {
  readonly #byFragment = new Map<string | undefined, Map<string, ServiceConfig>>();
  readonly #mayGrow: boolean;

  constructor(draft: Draft, services: readonly ServiceConfig[]) {
    this.#mayGrow = mayGrow(draft);
    for (const service of services) {
      if (isReserved(service.name)) continue; // only strategies send to providers
      const { fragment } = service.at;
      const scope = this.#byFragment.get(fragment) ?? new Map<string, ServiceConfig>();
      this.#byFragment.set(fragment, scope.set(service.name, service));
    }
  }

  /** @param from place of the rule */
  find(name: string, from: Position): ServiceConfig | undefined {
    return this.#byFragment.get(from.fragment)?.get(name) ?? this.#byFragment.get(undefined)?.get(name);
  }

  /** Whether a rule may name it. @param from place of the rule */
  mayName(name: string, from: Position): boolean {
    if (this.find(name, from) !== undefined) return true;
    // One of another fragment stays out of reach; one that nobody has listed may come.
    return this.#mayGrow && !isReserved(name) && ![...this.#byFragment.values()].some((scope) => scope.has(name));
  }

  /** @param from place of the rule */
  names(from: Position): ReadonlySet<string> {
    const scopes = new Set([undefined, from.fragment]);
    return new Set([...scopes].flatMap((scope) => [...(this.#byFragment.get(scope)?.keys() ?? [])]));
  }
}
