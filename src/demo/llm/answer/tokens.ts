// Tokens as the mock models count them: four characters each.

/** What a picture, a sound or a document counts. */
const ATTACHMENT = 258;
/** Keys whose values are attachments, not text. */
const OPAQUE = new Set(["data", "url", "image_url", "file_data", "fileUri", "signature", "thoughtSignature"]);

/** Tokens of a text. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

/** Tokens of a value of a request body: all its texts, and a fixed number for each attachment. */
export function tokensIn(value: unknown): number {
  return Math.ceil(charactersIn(value, "") / 4);
}

function charactersIn(value: unknown, key: string): number {
  if (typeof value === "string") return OPAQUE.has(key) ? ATTACHMENT * 4 : value.length;
  if (typeof value !== "object" || value === null) return 1;
  let sum = 0;
  if (Array.isArray(value)) for (const item of value) sum += charactersIn(item, key);
  else for (const [name, item] of Object.entries(value)) sum += charactersIn(item, name);
  return sum;
}
