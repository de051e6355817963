// `data:` URLs (RFC 2397), by which APIs of OpenAI carry bytes in JSON.

const HEAD = /^data:([^,]{0,200}),/i;

/** What a `data:` URL holds, in Base64; null: it is another URL. Long data is not copied. */
export function readDataUrl(url: string): { readonly mediaType: string; readonly data: string } | null {
  const head = HEAD.exec(url.slice(0, 220));
  if (head === null) return null;
  const [type = "", ...parameters] = head[1]!.split(";");
  const mediaType = type === "" ? "text/plain" : type.toLowerCase();
  const data = url.slice(head[0].length);
  if (parameters.some((parameter) => parameter.trim().toLowerCase() === "base64")) return { mediaType, data };
  return { mediaType, data: Buffer.from(unescaped(data)).toString("base64") };
}

/** A `data:` URL. @param data in Base64 */
export function dataUrl(mediaType: string, data: string): string {
  return `data:${mediaType};base64,${data}`;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
