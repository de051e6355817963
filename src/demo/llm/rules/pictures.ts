// Pictures in requests: what all providers take, and that the bytes are there.
import { Refusal } from "./refusal.ts";

const DATA_URL = /^data:(image\/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/]+={0,2})$/;

/** Refuses a URL that is neither remote nor a picture. @throws Refusal */
export function checkPictureUrl(url: string, param: string): void {
  if (/^https?:\/\/\S+$/.test(url)) return;
  // The pattern is not run over megabytes: what comes first says what it is.
  const head = url.length > 200 ? `${url.slice(0, 100)}AAAA` : url;
  if (!DATA_URL.test(head))
    throw new Refusal("invalid", "You uploaded an unsupported image, or an invalid URL.", param, "invalid_image_url");
}

/** Whether a text is base64, judged by its beginning and its length. */
export function isBase64(data: string): boolean {
  return data !== "" && /^[A-Za-z0-9+/]+={0,2}$/.test(data.slice(0, 100)) && data.length % 4 === 0;
}
