// The way of every chat request through a mock provider, whatever its API.
import { setTimeout as pause } from "node:timers/promises";
import type { Ask } from "./answer/ask.ts";
import { type Reply, replyTo } from "./answer/reply.ts";
import { amount } from "./commands.ts";
import type { Exchange } from "./exchange.ts";
import { misbehave } from "./faults.ts";
import type { Frame } from "./frame.ts";
import { play } from "./play.ts";
import { Refusal } from "./rules/refusal.ts";

/** A valid request, and how its API writes the answer. */
export interface Conversation {
  readonly ask: Ask;
  readonly stream: boolean;
  answer(reply: Reply): unknown;
  frames(reply: Reply): Iterable<Frame>;
  /** Events that report a failure. */
  failure(refusal: Refusal): string;
  /** A failure as the body of a reply with status 200. */
  errorBody(refusal: Refusal): unknown;
  readonly lineEnd: string;
}

/** How fast the mock models are, ms. */
export interface Pace {
  /** Before the answer begins. */
  readonly headMs: number;
  readonly eventMs: number;
}

/** Answers a valid request. @throws Refusal what is commanded */
export async function converse(exchange: Exchange, conversation: Conversation, pace: Pace): Promise<void> {
  const { ask, stream } = conversation;
  const { commands } = ask;
  const waitMs = amount(commands, "wait", pace.headMs);
  if (waitMs > 0) await pause(waitMs);
  if (exchange.response.destroyed || misbehave(exchange, commands)) return;
  const reply = replyTo(ask);
  if (stream) {
    const { lineEnd } = conversation;
    const failure = (overloaded: boolean) =>
      conversation.failure(new Refusal(overloaded ? "overloaded" : "server", ""));
    return play(exchange, commands, { frames: conversation.frames(reply), failure, lineEnd }, pace.eventMs);
  }
  if (commands.has("error-in-200")) return exchange.json200(conversation.errorBody(new Refusal("overloaded", "")));
  const body = Buffer.from(JSON.stringify(conversation.answer(reply)));
  const type = commands.has("wrong-type") ? "text/plain" : "application/json";
  if (!commands.has("cut") && !commands.has("cut-start")) return exchange.bytes(200, type, body);
  const fields = { ...exchange.own, "Content-Type": type, "Content-Length": String(body.length) };
  exchange.response.writeHead(200, fields).write(body.subarray(0, body.length >> 1), () => exchange.cut());
}
