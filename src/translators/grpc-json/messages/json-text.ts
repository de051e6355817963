// Checks a client's JSON text for nesting that a recursive parser cannot handle.
import { InputError } from "../input-error.ts";

/** Objects and arrays inside each other. Protobuf libraries refuse more than 100 levels as well. */
const MAX_DEPTH = 100;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** The bytes as text. @throws {InputError} when they are not UTF-8 or nested too deeply */
export function jsonText(bytes: Uint8Array): string {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i]!;
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > MAX_DEPTH) throw new InputError(`The JSON body is nested deeper than ${MAX_DEPTH} levels.`);
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new InputError("The JSON body is not valid UTF-8.");
  }
}
