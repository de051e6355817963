// The method mappings of a route, compiled once per set of descriptors.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { DescriptorPool } from "../descriptors/pool.ts";
import { type HttpRule, httpRuleOf } from "../http-rule.ts";
import type { JsonRule } from "../rule.ts";
import { type Binding, compileBinding } from "./binding.ts";
import { PathTable } from "./path-table.ts";

/** The compiled choice of methods of one {@link JsonRule}. */
export interface MethodTable {
  readonly pool: DescriptorPool;
  /** Bindings of the configuration. */
  readonly mapped: PathTable<Binding>;
  /** The one method everything goes to; undefined when none is fixed, null when the fixed one is unknown. */
  readonly fixed: DescMethod | null | undefined;
  /** Bindings of google.api.http. */
  readonly annotated: PathTable<Binding>;
  /** The service paths are looked up in when they name the method only; null when it is unknown. */
  readonly service: DescService | null | undefined;
  /** Path prefixes without trailing slash and their services, longest first. */
  readonly prefixes: readonly (readonly [prefix: string, service: DescService])[];
  /** Bindings that are wrong and left out: a configuration with one is refused. */
  readonly faults: readonly Fault[];
  /** Unknown names, and bindings that are taken already; for the log. */
  readonly warnings: readonly string[];
}

/** A binding that cannot be made. */
export interface Fault {
  /** Of its {@link MethodMapping}; null: it is an http rule of the descriptors. */
  readonly key: string | null;
  /** Names the HTTP method, the template and the method. */
  readonly message: string;
}

/** Compiles the choice for a pool. Never fails: what is wrong is left out and reported in `faults` and `warnings`. */
export function compileMethods(rule: JsonRule, pool: DescriptorPool): MethodTable {
  const warnings: string[] = [];
  const faults: Fault[] = [];
  const mapped = new PathTable<Binding>();
  const bind = (table: PathTable<Binding>, method: DescMethod, http: HttpRule, key: string | null): void => {
    const where = `${http.method} ${http.template}`;
    const compiled = compileBinding(method, http);
    if (typeof compiled === "string")
      return void faults.push({ key, message: `${where}, ${fullName(method)}: ${compiled}` });
    const taken = table.add(http.method, compiled.template, compiled.binding);
    if (taken === undefined || taken.method === method) return;
    warnings.push(`${where}: bound to ${fullName(taken.method)} already, not to ${fullName(method)}`);
  };
  for (const { method: written, template, target, key } of rule.mappings) {
    const method = written.toUpperCase();
    const found = pool.target(target);
    if (found === undefined) warnings.push(`${method} ${template}: no method "${target}"`);
    else {
      const http = { method, template, body: bodyFor(method), responseBody: "", additional: [] };
      bind(mapped, found, http, key);
    }
  }
  const service = rule.service === "" ? undefined : (pool.service(rule.service) ?? null);
  if (service === null) warnings.push(`no service "${rule.service}", or not only one`);
  let fixed: DescMethod | null | undefined;
  if (rule.service !== "" && rule.method !== "") {
    fixed = service?.methods.find(({ name }) => name === rule.method) ?? null;
    if (service && fixed === null) warnings.push(`no method "${rule.method}" in ${service.typeName}`);
  }
  const annotated = new PathTable<Binding>();
  // A route tied to one service offers the bindings of that service alone.
  for (const { methods } of service === undefined ? pool.services : service === null ? [] : [service]) {
    for (const method of methods) {
      const http = httpRuleOf(method);
      if (http === undefined) continue;
      for (const one of [http, ...http.additional]) if (one.method !== "") bind(annotated, method, one, null);
    }
  }
  const prefixes: [string, DescService][] = [];
  for (const [prefix, name] of rule.pathMappings) {
    const found = pool.service(name);
    if (found === undefined) warnings.push(`${prefix}: no service "${name}", or not only one`);
    else prefixes.push([prefix.replace(/\/+$/, ""), found]);
  }
  prefixes.sort((a, b) => b[0].length - a[0].length);
  return { pool, mapped, fixed, annotated, service, prefixes, faults, warnings };
}

/** A mapping for any HTTP method takes a body: without one, the message is what path variables make it. */
function bodyFor(httpMethod: string): string {
  return httpMethod === "GET" || httpMethod === "HEAD" || httpMethod === "DELETE" ? "" : "*";
}

/** `pkg.Service/Method`. */
export function fullName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
