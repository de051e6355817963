// Fields of a request to generate content.
import {
  anyObject,
  anything,
  bool,
  each,
  fields,
  list,
  number,
  oneOf,
  pattern,
  type Shape,
  text,
  whole,
} from "../rules/shape.ts";

const NAME = pattern(/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$/);

const inlineData = fields({ mimeType: pattern(/^\w+\/[\w.+-]+$/), data: text() }, { displayName: text() });
const fileData = fields({ fileUri: text() }, { mimeType: text(), displayName: text() });
const part = fields(
  {},
  {
    text: text(),
    thought: bool,
    thoughtSignature: pattern(/^[A-Za-z0-9+/_=-]+$/),
    inlineData,
    fileData,
    functionCall: fields({ name: NAME }, { id: text(), args: anyObject }),
    functionResponse: fields(
      { name: NAME, response: anyObject },
      { id: text(), parts: list(fields({}, { inlineData, fileData })), scheduling: text(), willContinue: bool },
    ),
    ...each(anything, "executableCode", "codeExecutionResult", "toolCall", "toolResponse"),
    ...each(anything, "mediaResolution", "videoMetadata", "partMetadata"),
  },
);
const parts = list(part, 1);
const content = fields({ parts }, { role: oneOf("user", "model") });

/** The old kind of schema: a subset of OpenAPI, in which anything else is refused. */
const schema: Shape = (value, at) => openApi(value, at);
const size = pattern(/^\d+$/);
const openApi = fields(
  {},
  {
    type: (value, at) =>
      oneOf("OBJECT", "ARRAY", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "NULL")(String(value).toUpperCase(), at),
    properties: (value, at) => {
      anyObject(value, at);
      for (const [key, below] of Object.entries(value as object)) schema(below, [...at, key]);
    },
    items: schema,
    anyOf: list(schema),
    enum: list(text()),
    required: list(text()),
    propertyOrdering: list(text()),
    ...each(text(), "format", "description", "title", "pattern"),
    ...each(size, "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"),
    ...each(number(), "minimum", "maximum"),
    nullable: bool,
    ...each(anything, "default", "example"),
  },
);
const declaration = fields(
  { name: NAME },
  {
    description: text(),
    parameters: schema,
    parametersJsonSchema: anyObject,
    ...each(anything, "behavior", "response", "responseJsonSchema"),
  },
);
const tool = fields(
  {},
  {
    functionDeclarations: list(declaration),
    ...each(anyObject, "googleSearch", "codeExecution", "urlContext", "googleMaps", "fileSearch", "computerUse"),
  },
);
const generationConfig = fields(
  {},
  {
    maxOutputTokens: whole(1),
    temperature: number(0, 2),
    topP: number(0, 1),
    topK: whole(1),
    stopSequences: list(text(), 0, 5),
    candidateCount: whole(1, 8),
    seed: whole(),
    ...each(number(-2, 2), "presencePenalty", "frequencyPenalty"),
    responseMimeType: oneOf("text/plain", "application/json", "text/x.enum"),
    responseSchema: schema,
    responseJsonSchema: anyObject,
    responseModalities: list(text()),
    responseLogprobs: bool,
    logprobs: whole(0, 20),
    thinkingConfig: fields(
      {},
      {
        includeThoughts: bool,
        thinkingBudget: whole(-1),
        thinkingLevel: oneOf("MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"),
      },
    ),
    ...each(anything, "speechConfig", "mediaResolution", "imageConfig", "audioTimestamp", "enableEnhancedCivicAnswers"),
    ...each(anything, "audioTranscriptionConfig", "continuationToken", "automaticContinuation"),
  },
);

/** `:generateContent`. */
export const generateRequest = fields(
  { contents: list(content, 1) },
  {
    systemInstruction: fields({ parts }, { role: text() }),
    tools: list(tool),
    toolConfig: fields(
      {},
      {
        functionCallingConfig: fields(
          {},
          {
            mode: oneOf("AUTO", "ANY", "NONE", "VALIDATED"),
            allowedFunctionNames: list(NAME),
            streamFunctionCallArguments: bool,
          },
        ),
        retrievalConfig: anything,
        includeServerSideToolInvocations: bool,
      },
    ),
    safetySettings: list(fields({ category: text(), threshold: text() }, { method: text() })),
    cachedContent: text(),
    generationConfig,
    serviceTier: text(),
    store: bool,
    labels: anyObject,
    model: text(),
  },
);

/** `:countTokens`. */
export const countRequest = fields({}, { contents: list(content, 1), generateContentRequest: generateRequest });

/** `:embedContent`. */
export const embedRequest = fields(
  { content: fields({ parts }, { role: text() }) },
  { model: text(), taskType: text(), title: text(), outputDimensionality: whole(1, 3072) },
);
