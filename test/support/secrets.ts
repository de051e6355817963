// Secrets that can be found again wherever they turn up, in whatever spelling.
import { randomBytes } from "node:crypto";

/** Something that nobody may see who does not have it anyway. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** Makes one that nothing else has in it. @param name what it is */
export function secretOf(name: string): Secret {
  return { name, value: `s3cret.${randomBytes(18).toString("base64url")}` };
}

/** Where one secret turned up, and in which spelling. */
export interface Leak {
  readonly secret: string;
  readonly place: string;
  readonly spelling: string;
  readonly around: string;
}

/** All secrets in all places, in every spelling. @param places name → text */
export function leaksIn(places: Readonly<Record<string, string>>, secrets: readonly Secret[]): readonly Leak[] {
  const leaks: Leak[] = [];
  for (const { name, value } of secrets) {
    for (const [spelling, text] of Object.entries(spellingsOf(value))) {
      for (const [place, content] of Object.entries(places)) {
        const at = content.toLowerCase().indexOf(text.toLowerCase());
        if (at === -1) continue;
        leaks.push({
          secret: name,
          place,
          spelling,
          around: content.slice(Math.max(0, at - 150), at + text.length + 20),
        });
      }
    }
  }
  return leaks;
}

/** Ways to write a text that others could undo. */
function spellingsOf(value: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(value);
  return {
    plain: value,
    "percent-encoded": [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
    hexadecimal: bytes.toString("hex"),
    ...base64Of(bytes, "base64"),
    ...base64Of(bytes, "base64url"),
  };
}

/** What is the same in base64 whatever stands before and after: there are three ways to begin. */
function base64Of(bytes: Buffer, alphabet: "base64" | "base64url"): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [0, 1, 2].map((before) => {
      const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(alphabet);
      const whole = Math.floor(((before + bytes.length) * 8) / 6);
      return [`${alphabet} behind ${before} bytes`, text.slice(Math.ceil((before * 8) / 6), whole)];
    }),
  );
}
