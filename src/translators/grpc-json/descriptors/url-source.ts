// Fetches a FileDescriptorSet over HTTP.
import { gather } from "../../../wire/gathered.ts";
import { DescriptorError } from "./descriptor-error.ts";

/** Largest descriptor set that is accepted, bytes. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * @param timeoutMs for the whole answer
 * @returns the body of a 200
 * @throws {DescriptorError} for any other answer, or one that is too large
 */
export async function fetchDescriptors(
  url: string,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const answer = await fetch(url, { headers, signal: limit });
  if (answer.status !== 200 || answer.body === null) throw new DescriptorError(`${url}: status ${answer.status}`);
  const tooLarge = () => new DescriptorError(`${url}: larger than ${MAX_BYTES} bytes`);
  return gather(answer.body as AsyncIterable<Uint8Array>, MAX_BYTES, tooLarge);
}
