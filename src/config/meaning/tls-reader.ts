// Reads the files that TLS blocks name, and reports faults at the key that names the file.
import { TlsFault } from "../../tls/fault.ts";
import type { SourceFiles } from "../text/source-files.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { fileFault } from "./files.ts";

/** Largest file that is read, bytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Reads the files of one configuration. */
export class TlsReader {
  readonly #draft: Draft;
  readonly #sources: SourceFiles;

  constructor(draft: Draft, sources: SourceFiles) {
    this.#draft = draft;
    this.#sources = sources;
  }

  /** Passes the content of a file to `use` and returns the result; null, and an error at `place`, if that throws. */
  read<T>(file: string, place: Place, use: (bytes: Buffer) => T): T | null {
    return this.attempt(file, place, () => use(this.#sources.bytes(file, MAX_FILE_BYTES)));
  }

  /** The same for a file that has been read before. */
  attempt<T>(file: string, place: Place, use: () => T): T | null {
    try {
      return use();
    } catch (error) {
      const at = this.#draft.at(place);
      const why = error instanceof TlsFault ? `"${file}": ${error.message}` : fileFault(file, error, at.file);
      this.#draft.problems.error(at, `${dotted(place)}: ${why}`);
      return null;
    }
  }

  /** Reports warnings about a file. @param warnings null ones are skipped */
  warn(file: string, place: Place, warnings: readonly (string | null)[]): void {
    for (const warning of warnings)
      if (warning !== null) this.#draft.warn(place, `${dotted(place)}: "${file}": ${warning}`);
  }

  /** Says at the key's file why it is no pair with a certificate. */
  mismatch(certFile: string, keyFile: string, place: Place, why: string): void {
    this.#draft.error(place, `${dotted(place)}: "${keyFile}" with "${certFile}": ${why}`);
  }
}
