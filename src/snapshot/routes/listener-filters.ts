// Reply filters of listeners, which also see replies to requests without a route.
import type { ReplyFilter } from "../../core/context.ts";
import { unroutedCors } from "../../shaping/cors.ts";
import { CorsPolicy } from "../../shaping/cors-policy.ts";
import { hsts } from "../../shaping/hsts.ts";
import type { Build } from "../runtime.ts";

/** The filters in the order they run, after those of routes. */
export function listenerFilters({ config, runtime }: Pick<Build, "config" | "runtime">): readonly ReplyFilter[] {
  const values = new Map(config.listeners.flatMap(({ name, hsts }) => (hsts === "" ? [] : [[name, hsts] as const])));
  const own: ReplyFilter[] = values.size === 0 ? [] : [hsts(values)];
  if (config.cors !== null) own.push(unroutedCors(new CorsPolicy(config.cors)));
  return [...own, ...(runtime.extensions.listenerFilters ?? [])];
}
