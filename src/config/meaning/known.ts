// The services and rules of a configuration, which other sections name.
import type { RuleConfig, ServiceConfig } from "../config.ts";
import type { Position } from "../text/problem.ts";

/** Services and rules, known before the sections that refer to them are checked. */
export interface Known {
  readonly services: readonly ServiceConfig[];
  readonly serviceNames: ReadonlySet<string>;
  readonly rules: readonly RuleConfig[];
}

/** Services as rules see them: a rule of a file those of the files, a rule of a fragment also those of that fragment. */
export class VisibleServices {
  readonly #byFragment = new Map<string | undefined, Map<string, ServiceConfig>>();

  constructor(services: readonly ServiceConfig[]) {
    for (const service of services) {
      const { fragment } = service.at;
      const scope = this.#byFragment.get(fragment) ?? new Map<string, ServiceConfig>();
      this.#byFragment.set(fragment, scope.set(service.name, service));
    }
  }

  /** @param from place of the rule */
  find(name: string, from: Position): ServiceConfig | undefined {
    return this.#byFragment.get(from.fragment)?.get(name) ?? this.#byFragment.get(undefined)?.get(name);
  }

  /** @param from place of the rule */
  names(from: Position): ReadonlySet<string> {
    const scopes = new Set([undefined, from.fragment]);
    return new Set([...scopes].flatMap((scope) => [...(this.#byFragment.get(scope)?.keys() ?? [])]));
  }
}
