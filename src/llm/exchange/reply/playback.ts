// Writes a complete answer as a stream.
import type { ChatResponse, Choice } from "../../message/response.ts";
import type { StreamSink } from "../../message/stream-sink.ts";

/** Sends an answer to a sink, from its start to its end. */
export function playback(response: ChatResponse, to: StreamSink): void {
  to.start(response.id, response.model, response.createdAt);
  for (const [i, choice] of response.choices.entries()) playChoice(i, choice, to);
  if (response.usage !== null) to.usage(response.usage);
  for (const [i, { finish, stopSequence }] of response.choices.entries()) to.finish(i, finish, stopSequence);
  to.end();
}

function playChoice(i: number, { parts, logprobs }: Choice, to: StreamSink): void {
  let tool = 0;
  let hasLogprobs = logprobs !== null && logprobs !== undefined;
  for (const part of parts) {
    switch (part.kind) {
      case "text":
        if (hasLogprobs) to.logprobs(i, logprobs);
        hasLogprobs = false;
        to.text(i, part.text);
        break;
      case "refusal":
        to.refusal(i, part.text);
        break;
      case "reasoning":
        if (part.text !== "") to.reasoning(i, part.text, part.summary);
        to.reasoningEnd(i, part.signature, part.redacted, part.id);
        break;
      case "toolCall":
        to.toolStart(i, tool, part.id, part.name, part.freeform);
        if (part.arguments !== "") to.toolArguments(i, tool, part.arguments);
        to.toolEnd(i, tool++, part.signature);
        break;
    }
  }
}
