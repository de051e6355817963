// All wire formats, for tests of each with each.
import { anthropicMessages } from "../../../src/llm/anthropic/format.ts";
import type { WireFormat } from "../../../src/llm/format.ts";
import { gemini } from "../../../src/llm/gemini/format.ts";
import { openaiChat } from "../../../src/llm/openai-chat/format.ts";
import { openaiResponses } from "../../../src/llm/openai-responses/format.ts";

/** Each as the API of a client. */
export const CLIENTS: readonly WireFormat[] = [openaiChat, openaiResponses, anthropicMessages, gemini];
