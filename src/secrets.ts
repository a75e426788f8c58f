import { hider, type Redact, redactor, SHORTEST_SECRET_CHARACTERS } from './copernica/redact.js';

/**
 * The known secrets of this process: every account's token, whichever account a command is for. Once learnt, a secret
 * is hidden in all output and refused in all manifests.
 */
export class Secrets {
  readonly #variables = new Set<string>();
  readonly #values = new Set<string>();
  /** Made on first use: most commands learn several secrets and print one line. */
  #redact: Redact | null = null;
  #hide: Redact | null = null;

  /** Names of environment variables that hold a secret, whatever their value. */
  get variables(): ReadonlySet<string> {
    return this.#variables;
  }

  /** Values that no output and no handler may contain. */
  get values(): readonly string[] {
    return [...this.#values];
  }

  learnVariable(name: string): void {
    this.#variables.add(name);
  }

  /** A value that is too short is no token, and hiding it would hide half of every message. */
  learnValue(value: string): void {
    const secret = value.trim();
    if (secret.length < SHORTEST_SECRET_CHARACTERS || this.#values.has(secret)) return;
    this.#values.add(secret);
    this.#redact = null;
    this.#hide = null;
  }

  /** Removes all known secrets from a result, and leaves the rest as it is. */
  readonly hide = (text: string): string => {
    this.#hide ??= hider(this.values);
    return this.#hide(text);
  };

  /** Removes all known secrets, and whatever else looks like a token, from a message. */
  readonly redact = (text: string): string => {
    this.#redact ??= redactor(this.values);
    return this.#redact(text);
  };
}
