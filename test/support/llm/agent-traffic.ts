// What a coding agent sends late in a session: 100 tools, 60 turns with pictures, two hundred thousand tokens.
import { PIXEL } from "../../../src/demo/llm/endpoints/images.ts";
import type { Spoken, Wish } from "./client-bodies.ts";

const TURNS = 60;
/** Characters of one result: what `cat` prints of a source file. */
const FILE = 12_500;
/** A screenshot, base64; not a picture, but as long. */
export const SCREENSHOT = Buffer.from(PIXEL.repeat(600)).toString("base64");

/** Names of its tools. */
export const TOOLS: readonly string[] = Array.from({ length: 100 }, (_, i) => `mcp__server_${i % 9}__tool_${i}`);

/** The request. Every turn calls two tools, every tenth one looks at a screenshot; the last result is "done". */
export function agentTraffic(): Wish {
  const turns: Spoken[] = [
    { by: "user", pieces: [{ text: "Fix the failing test. <system-reminder>Be brief.</system-reminder>" }] },
  ];
  for (let i = 0; i < TURNS; i++) turns.push(...turn(i));
  const tools = [...TOOLS];
  return { system: "You are a coding agent. ".repeat(400), turns, tools, max: 32_000 };
}

function turn(i: number): readonly Spoken[] {
  const [first, second] = [`toolu_${i}_a`, `toolu_${i}_b`];
  const names = [TOOLS[i]!, TOOLS[99 - i]!] as const;
  const shown = i % 10 === 4 ? { image: SCREENSHOT } : {};
  return [
    {
      by: "model",
      pieces: [
        { text: `Step ${i}.` },
        { call: first, name: names[0], input: { city: `src/file-${i}.ts` } },
        { call: second, name: names[1], input: { city: "" } },
      ],
    },
    {
      by: "user",
      pieces: [
        { result: first, name: names[0], output: source(i) },
        { result: second, name: names[1], output: i === TURNS - 1 ? "done" : "ok", ...shown },
      ],
    },
  ];
}

/** Text with lines, quotes and letters of several bytes. */
function source(seed: number): string {
  const line = `  const naïve${seed} = "a \\"quoted\\" text – ${seed}";\n`;
  return line.repeat(Math.ceil(FILE / line.length)).slice(0, FILE);
}
