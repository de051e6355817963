// Names of tools: one in the common form, a namespace and a name here.
import type { JsonObject } from "../json/values.ts";
import type { Namespace, Tool } from "../message/request.ts";

/** The name of a tool in the common form. @param namespace null or "": it is in none */
export function qualifiedName(namespace: string | null, name: string): string {
  return namespace === null || namespace === "" ? name : `${namespace}__${name}`;
}

/** How tools are spelled for one reader: the client as it has declared them, or a provider by its rules. */
export interface Spelling {
  /** Whether namespaces and freeform tools are known; else all tools are functions, with the names of the common form. */
  readonly native: boolean;
  out(name: string): string;
}

/** As the client has declared them. */
export const AS_DECLARED: Spelling = { native: true, out: (name) => name };

/** Spells the names of calls. */
export class CallNames {
  readonly #spelling: Spelling;
  readonly #namespaces = new Map<string, Namespace>();

  constructor(tools: readonly Tool[], spelling: Spelling) {
    this.#spelling = spelling;
    if (!spelling.native) return;
    for (const { name, namespace } of tools) {
      if (namespace !== null) this.#namespaces.set(name, namespace);
    }
  }

  /** `name`, and `namespace` if it is in one. */
  fields(name: string): JsonObject & { readonly name: string } {
    const namespace = this.#namespaces.get(name);
    return namespace === undefined
      ? { name: this.#spelling.out(name) }
      : { name: namespace.tool, namespace: namespace.name };
  }
}
