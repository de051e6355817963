// Path templates of google.api.http: segments, `*`, `**`, variables over one or more segments, and a verb behind a colon.

/** One segment: a literal, one segment of any content, or any number of them. */
export type Segment = { readonly literal: string } | "*" | "**";

/** Where the value of a variable stands in the path. What follows a `**` is counted from the end, as `slice` does. */
export interface Variable {
  /** Dotted path of a field of the request message. */
  readonly field: string;
  /** Index of its first segment; negative: from the end. */
  readonly from: number;
  /** Index after its last segment; negative: from the end; Infinity: the end. */
  readonly to: number;
  /** It may span several segments: `%2F` in it stays encoded (google/api/http.proto, "Path template syntax"). */
  readonly multi: boolean;
}

/** A parsed template. */
export interface Template {
  readonly segments: readonly Segment[];
  readonly variables: readonly Variable[];
  /** Without colon; "" for none. */
  readonly verb: string;
}

/**
 * Parses `Template = "/" Segments [ Verb ]` (google/api/http.proto, "Path template syntax"). Beyond that grammar, segments
 * may follow a `**`, of which there is one at most.
 * @returns the template, or what is wrong with it
 */
export function parseTemplate(text: string): Template | string {
  try {
    return new TemplateParser(text).parse();
  } catch (error) {
    if (error instanceof TemplateError) return error.message;
    throw error;
  }
}

class TemplateError extends Error {}

class TemplateParser {
  readonly #text: string;
  #at = 0;
  readonly #segments: Segment[] = [];
  readonly #variables: Variable[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Template {
    if (!this.#take("/")) throw this.#error(`must begin with "/"`);
    if (this.#at < this.#text.length) this.#list(true);
    let verb = "";
    if (this.#take(":")) verb = this.#literal();
    if (this.#at < this.#text.length) throw this.#error(`has "${this.#text[this.#at]}" where "/" or its end belongs`);
    const rest = this.#segments.indexOf("**");
    if (rest !== this.#segments.lastIndexOf("**")) throw this.#error(`has more than one "**"`);
    const names = this.#variables.map(({ field }) => field);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw this.#error(`names {${twice}} twice`);
    const variables = this.#variables.map((variable) => ({
      ...variable,
      from: this.#fromEnd(variable.from, rest),
      to: this.#fromEnd(variable.to, rest) || Number.POSITIVE_INFINITY,
    }));
    return { segments: this.#segments, variables, verb };
  }

  /** Counts what lies behind the `**` from the end. */
  #fromEnd(index: number, rest: number): number {
    return rest !== -1 && index > rest ? index - this.#segments.length : index;
  }

  #list(variables: boolean): void {
    do this.#segment(variables);
    while (this.#take("/"));
  }

  #segment(variables: boolean): void {
    if (this.#take("**")) this.#segments.push("**");
    else if (this.#take("*")) this.#segments.push("*");
    else if (this.#text[this.#at] === "{") {
      if (!variables) throw this.#error("has a variable inside a variable");
      this.#variable();
    } else this.#segments.push({ literal: this.#literal() });
  }

  #variable(): void {
    this.#at++;
    const field = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*/.exec(this.#text.slice(this.#at))?.[0];
    if (field === undefined) throw this.#error(`needs a field name after "{"`);
    this.#at += field.length;
    const from = this.#segments.length;
    if (this.#take("=")) this.#list(false);
    else this.#segments.push("*");
    if (!this.#take("}")) throw this.#error(`lacks the "}" of {${field}`);
    const to = this.#segments.length;
    this.#variables.push({ field, from, to, multi: to - from > 1 || this.#segments[from] === "**" });
  }

  #literal(): string {
    const literal = /^[^/{}:*=?#]+/.exec(this.#text.slice(this.#at))?.[0];
    if (literal === undefined) throw this.#error("has an empty segment");
    this.#at += literal.length;
    return decodeSegment(literal) ?? literal;
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #error(what: string): TemplateError {
    return new TemplateError(`the path template "${this.#text}" ${what}`);
  }
}

/** Undoes percent-encoding; undefined when the bytes are not UTF-8. */
export function decodeSegment(segment: string): string | undefined {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** Value of a variable over several segments: all is decoded but `%2F`. Undefined when the bytes are not UTF-8. */
export function decodeSegments(path: string): string | undefined {
  const parts = path.split(/%2F/i).map(decodeSegment);
  return parts.includes(undefined) ? undefined : parts.join("%2F");
}
