// JSON for plugins: reads a text into values, and writes strings. Values that are only passed on
// are copied from the text as they are, so nothing here writes numbers or objects.

const QUOTE: i32 = 0x22;
const BACKSLASH: i32 = 0x5c;
const DEEPEST = 200;

/** A value: where it stands in the text, and what is inside it. */
export class Json {
  keys: string[] = [];
  values: Json[] = [];

  constructor(
    private source: string,
    private start: i32,
    private end: i32,
  ) {}

  /** The value as it stands in the text; "" when there is none. */
  get raw(): string {
    return this.source.substring(this.start, this.end);
  }

  /** What a string says, "" for anything else. */
  get text(): string {
    if (this.start == this.end || this.source.charCodeAt(this.start) != QUOTE) return "";
    return unquote(this.source, this.start + 1, this.end - 1);
  }

  /** True for a value that is there and is not null. */
  get exists(): bool {
    return this.start < this.end && this.source.charCodeAt(this.start) != 0x6e;
  }

  /** The whole number that it is, 0 for anything else. */
  get number(): i64 {
    const value = parseFloat(this.raw);
    return isFinite(value) && value > 0 && value < 9007199254740992.0 ? i64(value) : 0;
  }

  /** A member of an object. */
  get(key: string): Json {
    for (let i = this.keys.length - 1; i >= 0; i--) {
      if (this.keys[i] == key) return this.values[i];
    }
    return new Json("", 0, 0);
  }

  close(end: i32): Json {
    this.end = end;
    return this;
  }
}

/** The value in a text, null when the text is no JSON. */
export function parse(text: string): Json | null {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.space();
  return reader.failed || reader.at < text.length ? null : value;
}

/** A string as JSON. */
export function quote(text: string): string {
  const pieces: string[] = ['"'];
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x20 && code != QUOTE && code != BACKSLASH) continue;
    pieces.push(text.substring(from, i));
    if (code < 0x20) pieces.push("\\u" + code.toString(16).padStart(4, "0"));
    else pieces.push(code == QUOTE ? '\\"' : "\\\\");
    from = i + 1;
  }
  pieces.push(text.substring(from));
  pieces.push('"');
  return pieces.join("");
}

/** What stands between two quotation marks. */
function unquote(text: string, start: i32, end: i32): string {
  let escape = backslash(text, start, end);
  if (escape == end) return text.substring(start, end);
  const pieces: string[] = [];
  let from = start;
  while (escape < end) {
    pieces.push(text.substring(from, escape));
    const code = text.charCodeAt(escape + 1);
    from = escape + 2;
    if (code == 0x75 /* u */) {
      from += 4;
      pieces.push(String.fromCharCode(i32(parseInt(text.substring(from - 4, from), 16))));
    } else {
      pieces.push(plain(code));
    }
    escape = backslash(text, from, end);
  }
  pieces.push(text.substring(from, end));
  return pieces.join("");
}

/** Where the next backslash is, `end` when there is none before it. */
function backslash(text: string, from: i32, end: i32): i32 {
  while (from < end && text.charCodeAt(from) != BACKSLASH) from++;
  return from < end ? from : end;
}

/** The character that stands behind a backslash. */
function plain(code: i32): string {
  switch (code) {
    case 0x62:
      return "\b";
    case 0x66:
      return "\f";
    case 0x6e:
      return "\n";
    case 0x72:
      return "\r";
    case 0x74:
      return "\t";
    default:
      return String.fromCharCode(code);
  }
}

class Reader {
  at: i32 = 0;
  failed: bool = false;

  constructor(private text: string) {}

  value(depth: i32): Json {
    this.space();
    const value = new Json(this.text, this.at, this.at);
    const code = this.peek();
    if (depth > DEEPEST) return this.fail(value);
    if (code == QUOTE) this.string();
    else if (code == 0x7b /* { */) this.members(value, depth, true, 0x7d);
    else if (code == 0x5b /* [ */) this.members(value, depth, false, 0x5d);
    else this.word(value);
    return value.close(this.at);
  }

  space(): void {
    for (;;) {
      const code = this.peek();
      if (code != 0x20 && code != 0x0a && code != 0x0d && code != 0x09) return;
      this.at++;
    }
  }

  private peek(): i32 {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : 0;
  }

  private fail(value: Json): Json {
    this.failed = true;
    this.at = this.text.length;
    return value;
  }

  private members(parent: Json, depth: i32, named: bool, close: i32): void {
    this.at++;
    this.space();
    if (this.peek() == close) {
      this.at++;
      return;
    }
    while (!this.failed) {
      if (named) {
        this.space();
        const start = this.at + 1;
        this.string();
        parent.keys.push(unquote(this.text, start, this.at - 1));
        this.space();
        if (this.peek() != 0x3a /* : */) this.fail(parent);
        this.at++;
      }
      parent.values.push(this.value(depth + 1));
      this.space();
      const code = this.peek();
      this.at++;
      if (code == close) return;
      if (code != 0x2c /* , */) this.fail(parent);
    }
  }

  /** A number, true, false or null; koi has made sure of its inside. */
  private word(value: Json): void {
    const start = this.at;
    for (;;) {
      const code = this.peek();
      const letter = code >= 0x61 && code <= 0x7a;
      const digit = code >= 0x30 && code <= 0x39;
      if (!letter && !digit && code != 0x2d && code != 0x2b && code != 0x2e && code != 0x45) break;
      this.at++;
    }
    if (this.at == start) this.fail(value);
  }

  /** Goes past a string, which is looked into only when it is needed. */
  private string(): void {
    if (this.peek() != QUOTE) this.failed = true;
    const length = this.text.length;
    let at = this.at + 1;
    while (at < length) {
      const code = this.text.charCodeAt(at);
      if (code == QUOTE) break;
      at += code == BACKSLASH ? 2 : 1;
    }
    if (at >= length) this.failed = true;
    this.at = at + 1;
  }
}
