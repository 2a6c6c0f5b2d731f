const HIDDEN = '[secret]';

/** A text that is never shown: it prints as `[secret]`, also in JSON. Made by `secret`. @experimental */
export class Secret {
  readonly #text: string;
  /** @internal Use `secret`. */
  constructor(text: string) {
    this.#text = text;
  }
  /** @internal */
  static reveal = (secret: Secret): string => secret.#text;
  /** @internal */
  toString(): string {
    return HIDDEN;
  }
  /** @internal */
  toJSON(): string {
    return HIDDEN;
  }
}

export const isSecret = (value: unknown): value is Secret => value instanceof Secret;

export const revealed = (value: string | Secret): string =>
  typeof value === 'string' ? value : Secret.reveal(value);
