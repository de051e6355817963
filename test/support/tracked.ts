// The files of the project, apart from those that somebody keeps beside them.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";

/**
 * Files that git tracks, by path from the root of the project. In an unpacked archive, or where git is missing or refuses a
 * folder of another user, nothing says which they are: then all files below `folders`.
 * @param folders only what is below them; none = everywhere
 */
export function trackedFiles(...folders: readonly string[]): string[] {
  if (!existsSync(".git")) return folders.flatMap(filesBelow);
  const listed = spawnSync("git", ["ls-files", "-z", "--", ...folders], { encoding: "utf8" });
  if (listed.status !== 0) return folders.flatMap(filesBelow);
  return listed.stdout.split("\0").filter((name) => name !== "" && existsSync(name));
}

/** Every file below a folder, by path from the root of the project, but for packages that were installed there. */
export function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`);
  return files.filter((name) => !name.includes("/node_modules/"));
}
