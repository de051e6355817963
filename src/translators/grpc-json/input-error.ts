// An error in the client's input, worded for the client.

/** Longest message shown, characters: errors quote what was sent. */
const MAX_MESSAGE = 300;

/** What an {@link InputError} is refused with. */
type InputErrorCode = "transcoding_failed" | "body_too_large" | "unsupported_media_type";

/** The request cannot become a message. Refused with {@link InputError.code}; the message names the place, not the gateway. */
export class InputError extends Error {
  override readonly name = "InputError";
  readonly code: InputErrorCode;
  /** Fields of the answer. */
  readonly fields: readonly string[];

  constructor(message: string, code: InputErrorCode = "transcoding_failed", fields: readonly string[] = []) {
    const plain = message.replaceAll(/[\u0000-\u001f\u007f]+/g, " ");
    super(plain.length > MAX_MESSAGE ? `${plain.slice(0, MAX_MESSAGE)}…` : plain);
    this.code = code;
    this.fields = fields;
  }
}

/** A message larger than the limit of the route. */
export function tooLarge(maxBytes: number): InputError {
  return new InputError(`A message is larger than ${maxBytes} bytes.`, "body_too_large");
}
