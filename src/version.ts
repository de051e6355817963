// The version of this build, read from the package file that ships beside it.
import { readFileSync } from "node:fs";
import { packageFile } from "./package-file.ts";

/** Semantic version of the package. */
export const VERSION: string = JSON.parse(readFileSync(packageFile("package.json"), "utf8")).version;
