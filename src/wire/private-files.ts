// Files that are replaced atomically and are readable only by their owner.
import { randomBytes } from "node:crypto";
import { open, rename, unlink } from "node:fs/promises";

/** There are private keys among them. */
const FILE_MODE = 0o600;

/** Ends the names of files that are being written. */
export const UNFINISHED = ".tmp";

/** Replaces a file: what is read is the old text or the new one, also after a loss of power. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}${UNFINISHED}`;
  try {
    await createFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await removeFile(temporary).catch(() => undefined);
    throw error;
  }
}

/** Leaves nothing behind when it fails. @throws Error (rejects) with the code EEXIST when there is one */
export async function createFile(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", FILE_MODE);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await removeFile(path).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
}

/** Harmless when there is none. */
export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error) => {
    if (codeOf(error) !== "ENOENT") throw error;
  });
}

/** The system's code of an error, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
