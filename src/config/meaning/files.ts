// Files named in a configuration, and messages about those that cannot be read or written.
//
// One rule: a relative path counts from the working directory of the process. Only `include`, whose files are parts of the
// configuration, counts from the file that names it.
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";

const WHY: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "no permission",
  EPERM: "no permission",
  EISDIR: "this is a directory",
  ENOTDIR: "part of the path is not a directory",
  ELOOP: "its symbolic links form a loop",
  EROFS: "the file system is read-only",
};

/** Why a file cannot be used, in words. */
export function whyNot(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return WHY[code ?? ""] ?? code ?? message;
}

/**
 * `"a.pem": no such file (/srv/a.pem)`, and where it was probably meant to be.
 * @param path as written
 * @param error what the system says
 * @param namedIn the configuration file that names it
 */
export function fileFault(path: string, error: unknown, namedIn: string): string {
  return `"${path}": ${whyNot(error)}${triedAt(path, namedIn)}`;
}

/** ` (/srv/a.pem)`, for a path that does not say so itself, and what to write where the file lies beside {@link namedIn}. */
export function triedAt(path: string, namedIn = ""): string {
  if (isAbsolute(path)) return "";
  const beside = join(dirname(namedIn), path);
  const isThere = beside !== join(path) && !existsSync(path) && existsSync(beside);
  return ` (${resolve(path)})${isThere ? `; paths are relative to the working directory: write ${beside}` : ""}`;
}

/** Why a file cannot be appended to, without making it; null when it can. */
export function writeFault(path: string): string | null {
  if (path === "") return "the file name is empty";
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return folderFault(dirname(resolve(path)));
    if (found.isDirectory()) return "this is a directory; specify a file in it";
    if (found.isSocket()) return "this is a socket; specify a file or a pipe";
    accessSync(path, constants.W_OK);
    return null;
  } catch (error) {
    return whyNot(error);
  }
}

function folderFault(folder: string): string | null {
  if (!existsSync(folder)) return `directory ${folder} does not exist; create it first`;
  if (!statSync(folder).isDirectory()) return `${folder} is not a directory`;
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return null;
  } catch {
    return `no permission to write to ${folder}`;
  }
}
