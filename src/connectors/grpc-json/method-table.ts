// All ways a route has to find the method of a request, compiled once for one set of descriptors.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { type Binding, compileBinding } from "./binding.ts";
import { type HttpRule, httpRuleOf } from "./http-rule.ts";
import { PathTable } from "./path-table.ts";
import type { DescriptorPool } from "./pool.ts";
import type { JsonRule } from "./rule.ts";

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
  /** What cannot work: unknown names, templates that are wrong or taken. For the log. */
  readonly warnings: readonly string[];
}

/** Compiles the choice for a pool. Never fails: what is wrong is left out and reported in `warnings`. */
export function compileMethods(rule: JsonRule, pool: DescriptorPool): MethodTable {
  const warnings: string[] = [];
  const mapped = new PathTable<Binding>();
  for (const { method: written, template, target } of rule.mappings) {
    const method = written.toUpperCase();
    const found = pool.target(target);
    if (found === undefined) warnings.push(`${method} ${template}: no method "${target}"`);
    else {
      const http = { method, template, body: bodyFor(method), responseBody: "", additional: [] };
      addBinding(mapped, found, http, warnings);
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
      for (const one of [http, ...http.additional]) if (one.method !== "") addBinding(annotated, method, one, warnings);
    }
  }
  const prefixes: [string, DescService][] = [];
  for (const [prefix, name] of rule.pathMappings) {
    const found = pool.service(name);
    if (found === undefined) warnings.push(`${prefix}: no service "${name}", or not only one`);
    else prefixes.push([prefix.replace(/\/+$/, ""), found]);
  }
  prefixes.sort((a, b) => b[0].length - a[0].length);
  return { pool, mapped, fixed, annotated, service, prefixes, warnings };
}

function addBinding(table: PathTable<Binding>, method: DescMethod, rule: HttpRule, warnings: string[]): void {
  const compiled = compileBinding(method, rule);
  if (typeof compiled === "string") {
    warnings.push(`${rule.method} ${rule.template}, ${fullName(method)}: ${compiled}`);
    return;
  }
  const taken = table.add(rule.method, compiled.template, compiled.binding);
  if (taken !== undefined && taken.method !== method) {
    warnings.push(
      `${rule.method} ${rule.template}: bound to ${fullName(taken.method)} already, not to ${fullName(method)}`,
    );
  }
}

/** A mapping for any HTTP method takes a body: without one, the message is what path variables make it. */
function bodyFor(httpMethod: string): string {
  return httpMethod === "GET" || httpMethod === "HEAD" || httpMethod === "DELETE" ? "" : "*";
}

/** `pkg.Service/Method`. */
export function fullName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
