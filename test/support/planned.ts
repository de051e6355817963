// Two HTTP backends that answer each path as the test has planned, by the number of the try, and remember who was asked.
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Backend, startBackend } from "./backend.ts";
import { read } from "./client.ts";
import type { Block } from "./setup.ts";

/** One try as a backend saw it. */
export interface Try {
  readonly which: "a" | "b";
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Resolves when the exchange is over, whichever way. */
  readonly closed: Promise<void>;
}

/** Answers a try. @param nth from 1, over both backends */
export type Plan = (one: Try, nth: number) => void;

/** Both backends. */
export class Planned {
  readonly a: Backend;
  readonly b: Backend;
  readonly #plans: Map<string, Plan>;
  readonly #tries: Map<string, Try[]>;

  private constructor(a: Backend, b: Backend, plans: Map<string, Plan>, tries: Map<string, Try[]>) {
    this.a = a;
    this.b = b;
    this.#plans = plans;
    this.#tries = tries;
  }

  static async start(): Promise<Planned> {
    const plans = new Map<string, Plan>();
    const tries = new Map<string, Try[]>();
    const backend = (which: Try["which"]) =>
      startBackend((request, response) => {
        const path = request.url!;
        const list = tries.get(path) ?? [];
        tries.set(path, list);
        const closed = new Promise<void>((resolve) => response.on("close", () => resolve()));
        const one = { which, request, response, closed };
        list.push(one);
        (plans.get(path) ?? ok)(one, list.length);
      });
    return new Planned(await backend("a"), await backend("b"), plans, tries);
  }

  /** Decides how a path is answered; without a plan, 200 `ok`. @returns the path */
  on(path: string, plan: Plan): string {
    this.#plans.set(path, plan);
    return path;
  }

  /** Tries of a path so far. */
  tries(path: string): readonly Try[] {
    return this.#tries.get(path) ?? [];
  }

  async close(): Promise<void> {
    await Promise.all([this.a.close(), this.b.close()]);
  }
}

/** An instance on 127.0.0.1. */
export function instance(port: number): Block {
  return { id: `up-${port}`, address: "127.0.0.1", port };
}

export const ok: Plan = ({ response }) => void response.end("ok");

/** Refuses the first `n` tries with `no <nth>`. */
export function failing(n: number, status = 503, headers: Record<string, string> = {}): Plan {
  return (one, nth) => {
    if (nth > n) ok(one, nth);
    else one.response.writeHead(status, headers).end(`no ${nth}`);
  };
}

/** Resets the connection of the first `n` tries. */
export function losing(n: number): Plan {
  return (one, nth) => (nth > n ? ok(one, nth) : void one.response.socket!.resetAndDestroy());
}

/** Says nothing to the first `n` tries. */
export function hanging(n: number): Plan {
  return (one, nth) => (nth > n ? ok(one, nth) : undefined);
}

/** Reads the body into `bodies` before it answers. */
export function reading(bodies: string[], then: Plan): Plan {
  return (one, nth) => {
    const given = () => undefined; // up by the gateway
    read(one.request).then((body) => {
      bodies.push(body.toString("latin1"));
      then(one, nth);
    }, given);
  };
}
