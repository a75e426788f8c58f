import { hider, type Redact, redactor, SHORTEST_SECRET_CHARACTERS } from './copernica/redact.js';

/**
 * The secrets of this process as far as they are known: every account's token, whichever account a command is for.
 * What is learnt holds for all that is printed and for all manifests from then on.
 */
export class Secrets {
  readonly #variables = new Set<string>();
  readonly #values = new Set<string>();
  /** Made when a text comes: most commands learn several secrets and print one line. */
  #redact: Redact | null = null;
  #hide: Redact | null = null;

  /** Names of environment variables that hold a secret, whatever their value. */
  get variables(): ReadonlySet<string> {
    return this.#variables;
  }

  /** What must be in no output and no handler. */
  get values(): readonly string[] {
    return [...this.#values];
  }

  learnVariable(name: string): void {
    this.#variables.add(name);
  }

  /** Too short a value is no token, and hiding it would hide half of every message. */
  learnValue(value: string): void {
    const secret = value.trim();
    if (secret.length < SHORTEST_SECRET_CHARACTERS || this.#values.has(secret)) return;
    this.#values.add(secret);
    this.#redact = null;
    this.#hide = null;
  }

  /** Takes all that is known by now out of a result, and leaves the rest of it as it is. */
  readonly hide = (text: string): string => {
    this.#hide ??= hider(this.values);
    return this.#hide(text);
  };

  /** Takes all that is known by now, and whatever else looks like a token, out of a message. */
  readonly redact = (text: string): string => {
    this.#redact ??= redactor(this.values);
    return this.#redact(text);
  };
}
