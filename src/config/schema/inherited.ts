// The shape of sections with overrides per service and per rule: `enabled`, `default`, `services`, `routes`.

import type { Field, Fields, Infer } from "./field.ts";
import { mapOf, object, optional } from "./fields.ts";
import type { InheritedSection, Overrides } from "./inherit.ts";
import { bool } from "./scalars.ts";

/** Values of a block of fields. */
export type Settings<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> };

/** Any of `fields`, none of them required; null: inherited. */
export function overrides<const F extends Fields>(doc: string, fields: F): Field<Overrides<Settings<F>>> {
  const own = Object.entries(fields).map(([key, field]) => [key, optional(field)] as const);
  const block = object(doc, {
    enabled: optional(bool("enable or disable it here; inherited by default")),
    ...Object.fromEntries(own),
  });
  return block as Field<unknown> as Field<Overrides<Settings<F>>>;
}

/** A section whose settings are inherited key by key. @param fields each with a default */
export function inherited<const F extends Fields>(doc: string, fields: F): Field<InheritedSection<Settings<F>>> {
  const section = object(doc, {
    enabled: bool("enable it for all rules that do not override it", false),
    default: object("Defaults for all", fields),
    services: mapOf("service → settings that differ", overrides("One service", fields)),
    routes: mapOf("rule id → settings that differ; take precedence over its service", overrides("One rule", fields)),
  });
  return section as Field<unknown> as Field<InheritedSection<Settings<F>>>;
}
