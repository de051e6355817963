// google.api.HttpBody: a message that stands for raw bytes and their type, read and made without going through JSON.
import { create, type DescMessage, type Message } from "@bufbuild/protobuf";

/** Bytes and their type. */
export interface RawBody {
  readonly contentType: string;
  /** May be a view of the message's bytes. */
  readonly data: Uint8Array;
}

/** Whether messages of this type are raw bytes. */
export function isHttpBody(type: DescMessage | undefined): type is DescMessage {
  return type?.typeName === "google.api.HttpBody";
}

/** Reads an HttpBody of any pool. */
export function readHttpBody(message: Message): RawBody {
  const { contentType, data } = message as Message & Partial<RawBody>;
  const type = contentType ?? "";
  // The type becomes a header field: nothing that is not printable may be in it.
  return {
    contentType: type !== "" && /^[\x20-\x7e]+$/.test(type) ? type : "application/octet-stream",
    data: data ?? new Uint8Array(0),
  };
}

/** Makes an HttpBody of `type`. */
export function makeHttpBody(type: DescMessage, body: RawBody): Message {
  return create(type, body as unknown as Record<string, unknown>);
}
