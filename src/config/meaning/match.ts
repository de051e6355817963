// Which requests a rule matches: its path, hosts, methods and further conditions, which no two rules may share.
import type { Conditions, ValueTest } from "../../routing/conditions.ts";
import { type Pattern, parsePattern } from "../../routing/pattern.ts";
import { bracketed, plainHost, withoutRoot } from "../../wire/authority.ts";
import type { Protocol } from "../config.ts";
import { patternMeant, ruleHostMeant } from "../cures/meant-match.ts";
import { HOST } from "../schema/hosts.ts";
import type { RuleSection, ValueTestSection } from "../schema/router.ts";
import { didYouMeanOf } from "../text/suggest.ts";
import type { Draft, Place } from "./draft.ts";

/** Checks the host names of a rule. @param place of the rule */
export function checkHosts(draft: Draft, section: RuleSection, place: Place, id: string): void {
  for (const [i, host] of section.hosts.entries()) {
    if (HOST.test(ruleHost(host))) continue;
    draft.error([...place, "hosts", i], `rule "${id}": "${host}" is not a host name${ruleHostMeant(host)}`);
  }
}

/** Checks the listeners a rule is bound to. @param names those there are @param place of the rule */
export function checkListeners(draft: Draft, section: RuleSection, place: Place, id: string, names: Set<string>): void {
  for (const [i, name] of section.listeners.entries()) {
    if (names.has(name)) continue;
    const hint = didYouMeanOf(name, names, "the listeners are");
    draft.error([...place, "listeners", i], `rule "${id}": unknown listener "${name}"${hint}`);
  }
}

/** The pattern of a rule; null when it has none, which has been said then. @param place of the rule */
export function readPattern(draft: Draft, section: RuleSection, place: Place, id: string): Pattern | null {
  if (section.path === undefined) return null;
  const below = [...place, "path"];
  try {
    const pattern = parsePattern(section.path);
    if (section.stripPrefix && pattern.literalPrefix === "") {
      draft.warn(below, `rule "${id}": stripPrefix has nothing to remove from "${section.path}"`);
    }
    return pattern;
  } catch (error) {
    const why = `${(error as Error).message}${patternMeant(section.path)}`;
    draft.error(below, `rule "${id}": "${section.path}": ${why}`);
    return null;
  }
}

/** What else a request must be. @param eventPath below it, requests want event streams; "" none */
export function readConditions(section: RuleSection, protocol: Protocol, eventPath: string): Conditions {
  const upgradesOnly = protocol === "websocket";
  return {
    listeners: [...new Set(section.listeners)],
    hosts: [...new Set(section.hosts.map(ruleHost))],
    methods: upgradesOnly ? ["WEBSOCKET"] : [...new Set(section.methods)],
    eventPath,
    headers: Object.entries(section.match.headers).map(([name, test]) => [name.toLowerCase(), given(test)] as const),
    query: Object.entries(section.match.query).map(([name, test]) => [name, given(test)] as const),
  };
}

/** Keys of a rule, one per listener, method and host. Two rules with a common key match the same requests, which is an error. */
export function matchKeys(path: string, pattern: Pattern, c: Conditions): { text: string; shown: string }[] {
  const further = JSON.stringify([[...c.headers].sort(byName), [...c.query].sort(byName)]);
  const any = (list: readonly string[]) => (list.length === 0 ? ["*"] : list);
  const named = (what: string, name: string) => (name === "*" ? "" : `, ${what} ${name}`);
  return any(c.listeners).flatMap((listener) =>
    any(c.methods).flatMap((method) =>
      any(c.hosts).map((host) => ({
        text: `${pattern.canonical} ${listener} ${method} ${host} ${further}`,
        shown: `match "${path}"${named("listener", listener)}${named("method", method)}${named("host", host)}`,
      })),
    ),
  );
}

function given(test: ValueTestSection): ValueTest {
  return Object.fromEntries(Object.entries(test).filter(([, value]) => value !== null)) as ValueTest;
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

/** A host as the adapters name it: in lower case, IPv6 addresses in brackets, no dot at the end. */
function ruleHost(text: string): string {
  return bracketed(withoutRoot(plainHost(text.toLowerCase())));
}
