// Ids of tool calls and names of tools, within the rules of each API.
import { createHash, randomUUID } from "node:crypto";
import { invalid } from "../message/fault.ts";
import type { ChatRequest } from "../message/request.ts";

/** What an API allows as an id or a name. */
export interface NameRule {
  /** Matches what is allowed as it is. */
  readonly allowed: RegExp;
  /** Matches each character that is not allowed, globally. */
  readonly forbidden: RegExp;
  /** Most characters. */
  readonly max: number;
}

const FORBIDDEN = /[^a-zA-Z0-9_-]/g;

/** Ids of tool calls. APIs that are not listed, such as Gemini, take any. */
export const CALL_IDS = {
  openai: { allowed: /^[a-zA-Z0-9_-]{1,64}$/, forbidden: FORBIDDEN, max: 64 },
  anthropic: { allowed: /^[a-zA-Z0-9_-]+$/, forbidden: FORBIDDEN, max: 64 },
  /** Exactly nine letters and digits. */
  mistral: { allowed: /^[a-zA-Z0-9]{9}$/, forbidden: /[^a-zA-Z0-9]/g, max: 9 },
} as const satisfies Record<string, NameRule>;

/** Names of tools. */
export const TOOL_NAMES = {
  openai: { allowed: /^[a-zA-Z0-9_-]{1,64}$/, forbidden: FORBIDDEN, max: 64 },
  anthropic: { allowed: /^[a-zA-Z0-9_-]{1,128}$/, forbidden: FORBIDDEN, max: 128 },
  gemini: { allowed: /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$/, forbidden: /^[^a-zA-Z_]|[^a-zA-Z0-9_.:-]/g, max: 128 },
} as const satisfies Record<string, NameRule>;

/** Digits of the digest that end a changed name: with a thousand names two agree once in two million requests. */
const DIGEST = 10;

/** The same for the same value, and different for different ones, so that calls and results still meet on every turn. */
function changed(value: string, { forbidden, max }: NameRule): string {
  const digest = createHash("sha256").update(value).digest("hex").slice(0, DIGEST);
  if (max <= DIGEST) return digest.slice(0, max);
  return `${value.slice(0, max - DIGEST - 1).replace(forbidden, "_")}_${digest}`;
}

/** The id of a call at another API. Apply it to the call and its result alike. */
export function callId(id: string, rule: NameRule): string {
  return rule.allowed.test(id) ? id : changed(id, rule);
}

/** An id for a call whose maker gave none; every API allows it. */
export function newCallId(): string {
  return `call_${randomUUID().replaceAll("-", "")}`;
}

/**
 * The tools of one request at one provider: what they are called there, and how calls come back. The same request and
 * rule give the same names, so that those of earlier turns still agree.
 */
export class ToolNames {
  readonly #rule: NameRule;
  /** Changed name → name the client knows. */
  readonly #back = new Map<string, string>();
  /** Names at the provider of freeform tools that are functions there. */
  readonly #wrapped = new Set<string>();

  /**
   * @param freeform whether the provider has freeform tools; else they are put as functions by `freeform.ts`
   * @throws LlmError `invalid` where two tools would share a name
   */
  constructor(request: ChatRequest, rule: NameRule, freeform: boolean) {
    this.#rule = rule;
    for (const tool of request.tools) {
      const name = this.out(tool.name);
      if (tool.freeform && !freeform) this.#wrapped.add(name);
    }
    for (const { name } of request.tools) {
      if (this.back(name) !== name) throw invalid("tools", "have names that cannot be told apart when shortened");
    }
  }

  /** Whether answers have to be put back: `false` where every name is allowed, and every kind of tool known. */
  get restores(): boolean {
    return this.#back.size > 0 || this.#wrapped.size > 0;
  }

  /** The name at the provider: for declarations, calls of earlier turns, and the choice of tools. */
  out(name: string): string {
    if (this.#rule.allowed.test(name)) return name;
    const short = changed(name, this.#rule);
    const taken = this.#back.get(short);
    if (taken !== undefined && taken !== name) throw invalid("tools", "have names that cannot be told apart");
    this.#back.set(short, name);
    return short;
  }

  /** The name the client knows. @param name at the provider */
  back(name: string): string {
    return this.#back.get(name) ?? name;
  }

  /** Whether calls are those of a freeform tool, wrapped as a function. @param name at the provider */
  wrapped(name: string): boolean {
    return this.#wrapped.has(name);
  }
}
