// Names the sources in stacks of the bundle. Its maps are read when a stack needs them; Node would read them at the start.
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";

/** A position in compiled code, as a frame tells it. */
const PLACE = /(file:\/\/[^\s()]+\.js):(\d+):(\d+)/;
/** Of files of the bundle and their packages; null where there is none. */
const maps = new Map<string, SourceMap | null>();

/** From now on, stacks of this thread name source files. What runs TypeScript sees to that itself. */
export function nameSources(): void {
  if (import.meta.url.endsWith(".ts")) return;
  Error.prepareStackTrace = (error, frames) =>
    [headline(error), ...frames.map((frame) => `    at ${named(String(frame))}`)].join("\n");
}

/** As Node writes it, which adds the codes of its own errors. */
function headline(error: NodeJS.ErrnoException): string {
  const { code } = error;
  if (typeof code === "string" && code.startsWith("ERR_")) return `${error.name} [${code}]: ${error.message}`;
  return Error.prototype.toString.call(error);
}

function named(frame: string): string {
  return frame.replace(PLACE, (place, file: string, line: string, column: string) => {
    const found = mapOf(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (found === undefined || !("originalSource" in found)) return place;
    return `${new URL(found.originalSource, file).href}:${found.originalLine + 1}:${found.originalColumn + 1}`;
  });
}

function mapOf(file: string): SourceMap | null {
  let map = maps.get(file);
  if (map === undefined) maps.set(file, (map = readMap(file)));
  return map;
}

function readMap(file: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(new URL(`${file}.map`), "utf8")));
  } catch {
    return null; // the stack names the file that runs
  }
}
