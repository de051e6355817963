// The version of this build, read from the package file that ships beside it.
import { readFileSync } from "node:fs";

/** Semantic version of the package. */
export const VERSION: string = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
