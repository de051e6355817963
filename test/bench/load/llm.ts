// Load of clients of language models: complete answers, streams of tokens, the wait for the first token, a large prompt.
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ANSWER, LASTING, requestOf } from "../llm-orders.ts";
import { peakMegabytes, rssMegabytes } from "../proc.ts";
import { each, type Line, openLine, type Read } from "./open-socket.ts";
import { giveUp, type Orders, readOrders, Window } from "./window.ts";

const AT_ONCE = 32;
const SHORT = 5;
const PAUSE_MS = 3;
/** Streams that are opened in a second, at least. */
const OPENED_PER_SECOND = 100;
const WARM_UPS = 50;
const MARK = '"content":"';
const WORD = " token ";
/** Longest mark with a time and a word behind it. */
const LONGEST = 64;

/** Milliseconds on the clock all processes of the machine share. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** What Portkey has to be told in every request, which others have in their configuration. */
function fieldsOf({ subject, upstreamPort, llm }: Orders): string {
  if (subject !== "portkey") return "";
  const provider = llm!.model === "plain" ? "openai" : "anthropic";
  const host = `http://127.0.0.1:${upstreamPort}/v1`;
  return `Authorization: Bearer sk-bench\r\nx-portkey-provider: ${provider}\r\nx-portkey-custom-host: ${host}\r\n`;
}

/** Calls `done` for each complete answer, whose text must be the one of the benchmark. */
function answers(window: Window, done: () => void): Read {
  let text = "";
  return (buffer, length) => {
    text += buffer.toString("latin1", 0, length);
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return;
    const bytes = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end + 2))?.[1];
    if (bytes === undefined ? !text.endsWith("\r\n0\r\n\r\n") : text.length < end + 4 + Number(bytes)) return;
    if (!text.startsWith("HTTP/1.1 200 ") || !text.includes(MARK + ANSWER)) window.wrong(`answered: ${text}`);
    text = "";
    done();
  };
}

async function ask(orders: Orders, n: number, window: Window): Promise<void> {
  const line = await openLine(orders.port, n, (why) => window.wrong(why));
  const request = requestOf(orders.llm!.model, 0, orders.bytes, fieldsOf(orders));
  let sentAt = 0;
  const again = () => {
    sentAt = performance.now();
    line.socket.write(request);
  };
  line.read = answers(window, () => {
    window.done(1, performance.now() - sentAt);
    again();
  });
  again();
}

/** Calls `token` with the time each token was sent at. */
function tokens(window: Window, token: (sentAt: number) => void): Read {
  let text = "";
  return (buffer, length) => {
    const begins = text === "";
    text += buffer.toString("latin1", 0, length);
    if (begins && text.startsWith("HTTP/1.1 ") && !text.startsWith("HTTP/1.1 200 ")) window.wrong(`answered: ${text}`);
    let pos = 0;
    for (;;) {
      const at = text.indexOf(MARK, pos);
      const end = at < 0 ? -1 : text.indexOf(WORD, at);
      if (end < 0) break;
      const stamp = Number(text.slice(text.lastIndexOf(MARK, end) + MARK.length, end));
      if (Number.isNaN(stamp)) window.wrong(`a token without its time: ${text.slice(at, end)}`);
      else token(stamp);
      pos = end + WORD.length;
    }
    text = text.slice(Math.max(pos, text.length - LONGEST));
  };
}

async function stream(orders: Orders, n: number, window: Window, token: (sentAt: number) => void): Promise<void> {
  const line = await openLine(orders.port, n, (why) => window.wrong(why));
  await new Promise<void>((resolve) => {
    line.read = tokens(window, (sentAt) => {
      token(sentAt);
      resolve();
    });
    const lasting = LASTING + lifeSeconds(orders);
    line.socket.write(requestOf(orders.llm!.model, lasting, orders.bytes, fieldsOf(orders)));
  });
}

/** How long streams last: until the last of them was opened, and all were measured. */
function lifeSeconds({ connections, warmMs, seconds }: Orders): number {
  return Math.ceil(connections / OPENED_PER_SECOND + warmMs / 1000 + seconds);
}

/** Short streams one after the other. */
async function first(orders: Orders, window: Window): Promise<never> {
  const line = await openLine(orders.port, 0, (why) => window.wrong(why));
  const request = requestOf(orders.llm!.model, SHORT, orders.bytes, fieldsOf(orders));
  for (;;) {
    const sentAt = performance.now();
    await shortStream(line, window, request, () => window.done(1, performance.now() - sentAt));
    await sleep(PAUSE_MS);
  }
}

function shortStream(line: Line, window: Window, request: Buffer, begun: () => void): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    let tail = "";
    const read = tokens(window, () => {
      if (++count === 1) begun();
    });
    line.read = (buffer, length) => {
      read(buffer, length);
      tail = (tail + buffer.toString("latin1", Math.max(0, length - 5), length)).slice(-5);
      if (tail !== "0\r\n\r\n") return;
      if (count !== SHORT) window.wrong(`${count} tokens instead of ${SHORT}`);
      resolve();
    };
    line.socket.write(request);
  });
}

/** One large request, after small ones have warmed everything up. */
async function large(orders: Orders, window: Window): Promise<void> {
  const { pid, llm, bytes } = orders;
  const line = await openLine(orders.port, 0, (why) => window.wrong(why));
  const send = (size: number) =>
    new Promise<void>((resolve) => {
      line.read = answers(window, resolve);
      line.socket.write(requestOf(llm!.model, 0, size, fieldsOf(orders)));
    });
  for (let i = 0; i < WARM_UPS; i++) await send(2000);
  if (pid > 0) writeFileSync(`/proc/${pid}/clear_refs`, "5"); // the peak begins anew
  const before = pid > 0 ? rssMegabytes(pid) : 0;
  await send(bytes);
  const peak = pid > 0 ? peakMegabytes(pid) : 0;
  window.end({ units: 1, rssMb: peak, grownMb: peak - before });
}

async function main(): Promise<void> {
  const orders = readOrders();
  const window = new Window(orders);
  const count = orders.connections;
  let over = 0;
  switch (orders.llm!.kind) {
    case "complete":
      await each(count, AT_ONCE, (n) => ask(orders, n, window));
      break;
    case "tokens":
      await each(count, AT_ONCE, (n) => stream(orders, n, window, (sentAt) => window.done(1, now() - sentAt)));
      over = now() + lifeSeconds(orders) * 1000;
      break;
    case "first":
      await each(count, AT_ONCE, (n) => stream(orders, n, window, () => undefined));
      over = now() + lifeSeconds(orders) * 1000;
      first(orders, window).catch(giveUp);
      break;
    case "large":
      return large(orders, window);
  }
  await window.run(() => sleep(Math.max(0, over - now())));
}

main().catch(giveUp);
