// `gateway hash-key`: makes API keys and hashes for the configuration. Secrets come by standard input, since arguments are for
// everybody on the machine to see.
import { randomBytes } from "node:crypto";
import { keyDigest } from "../auth/api-keys.ts";
import { hashPassword } from "../auth/password-hash.ts";
import type { Command } from "./command.ts";
import { flagOn } from "./flags.ts";

/** So many bits that nobody guesses one, and a fast hash is as good as a slow one. */
const KEY_BYTES = 32;
/** Longest secret that is read, characters. */
const MAX_SECRET = 1024;

/** Prints what `auth.apikey.keys` and `auth.basic.users` take. */
export const hashKey: Command = {
  name: "hash-key",
  summary: "generate an API key and its hash, or hash a key or password from standard input",
  operands: "",
  flags: { stdin: "bool", password: "bool" },
  help: {
    stdin: "hash the key on standard input instead of generating one",
    password: "hash the password on standard input, for auth.basic.users",
  },
  async run(parsed) {
    if (flagOn(parsed, "password", false)) {
      process.stdout.write(`passwordHash: ${await hashPassword(await secret("password"))}\n`);
    } else if (flagOn(parsed, "stdin", false)) {
      process.stdout.write(`hashedKey: ${keyDigest(await secret("key"))}\n`);
    } else {
      const key = randomBytes(KEY_BYTES).toString("base64url");
      process.stdout.write(`key: ${key}\nhashedKey: ${keyDigest(key)}\n`);
    }
    return 0;
  },
};

/** The first line of standard input. @throws Error when it is nothing to be hashed */
async function secret(what: string): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(`Type the ${what}, then Enter; it is visible while you type:\n`);
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    text += chunk as string;
    if (text.includes("\n") || text.length > MAX_SECRET) break;
  }
  process.stdin.destroy();
  const line = text.split(/\r?\n/)[0]!;
  if (line === "") throw new Error(`no ${what} on standard input`);
  if (line.length > MAX_SECRET) throw new Error(`a ${what} has at most ${MAX_SECRET} characters`);
  const isSendable = what === "key" ? /^[\x21-\x7e]+$/.test(line) : !/\p{Cc}/u.test(line);
  if (!isSendable) throw new Error(`the ${what} has characters that no client can send`);
  return line;
}
