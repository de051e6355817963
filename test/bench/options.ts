// The command line of the benchmark, read once into one frozen value.
import { parseArgs } from "node:util";
import { allCaseIds } from "./cases.ts";
import { allSubjectIds } from "./subjects.ts";

export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly cases: readonly string[];
  readonly subjects: readonly string[];
  readonly json: string | undefined;
}

export const usage = `usage: tsx test/bench/run.ts [--rounds N] [--seconds N] [--cases a,b] [--subjects a,b] [--json FILE]
  cases:    ${allCaseIds.join(", ")}
  subjects: ${allSubjectIds.join(", ")}`;

/** Reads the arguments after the script name; throws an Error with a readable message on a bad one. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "3" },
      cases: { type: "string", default: allCaseIds.join(",") },
      subjects: { type: "string", default: allSubjectIds.join(",") },
      json: { type: "string" },
    },
  });
  return {
    rounds: wholeNumber("rounds", values.rounds),
    seconds: wholeNumber("seconds", values.seconds),
    cases: subset("cases", values.cases, allCaseIds),
    subjects: subset("subjects", values.subjects, allSubjectIds),
    json: values.json,
  };
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000)
    throw new Error(`--${name}: not a whole number from 1 to 1000: "${text}"`);
  return value;
}

function subset(name: string, text: string, known: readonly string[]): readonly string[] {
  const wanted = text.split(",").map((part) => part.trim());
  for (const id of wanted) {
    if (!known.includes(id)) throw new Error(`--${name}: unknown "${id}"; known: ${known.join(", ")}`);
  }
  return known.filter((id) => wanted.includes(id));
}
