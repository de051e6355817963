// A request to generate content whose shape has been checked.

/** A part of a content. */
export interface GeminiPart {
  readonly text?: string;
  readonly thought?: boolean;
  readonly thoughtSignature?: string;
  readonly inlineData?: { readonly mimeType: string; readonly data: string };
  readonly fileData?: { readonly mimeType?: string; readonly fileUri: string };
  readonly functionCall?: { readonly id?: string; readonly name: string; readonly args?: unknown };
  readonly functionResponse?: { readonly id?: string; readonly name: string; readonly response: unknown };
}

/** A turn. */
export interface GeminiContent {
  readonly role?: "user" | "model";
  readonly parts: readonly GeminiPart[];
}

type Schema = Readonly<Record<string, unknown>>;

/** The body. */
export interface GeminiBody {
  readonly contents: readonly GeminiContent[];
  readonly systemInstruction?: { readonly parts: readonly GeminiPart[] };
  readonly tools?: readonly {
    readonly functionDeclarations?: readonly {
      readonly name: string;
      readonly parameters?: Schema;
      readonly parametersJsonSchema?: Schema;
    }[];
  }[];
  readonly toolConfig?: {
    readonly functionCallingConfig?: { readonly mode?: string; readonly allowedFunctionNames?: readonly string[] };
  };
  readonly generationConfig?: {
    readonly maxOutputTokens?: number;
    readonly stopSequences?: readonly string[];
    readonly candidateCount?: number;
    readonly responseMimeType?: string;
    readonly responseSchema?: Schema;
    readonly responseJsonSchema?: Schema;
    readonly responseLogprobs?: boolean;
    readonly logprobs?: number;
    readonly thinkingConfig?: {
      readonly includeThoughts?: boolean;
      readonly thinkingBudget?: number;
      readonly thinkingLevel?: string;
    };
  };
}

/** Text of a content, without thoughts. */
export function textIn(content: { readonly parts: readonly GeminiPart[] } | undefined): string {
  return (content?.parts ?? [])
    .filter(({ thought }) => thought !== true)
    .map(({ text = "" }) => text)
    .join("");
}
