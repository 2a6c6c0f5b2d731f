/** Marks the floats of each copy of the package in one program: CommonJS and ES modules have classes of their own. */
const FLOAT = Symbol.for('plugboard.Float');

/** A floating point number whose value may be whole: `new Float(1)` is written as `1.0`, a plain `1` as `1`. */
export class Float {
  /** @internal */
  static [Symbol.hasInstance](value: unknown): value is Float {
    if (typeof value !== 'object' || value === null) return false;
    // Most objects are plain: to look the symbol up in them takes three times as long.
    return Object.getPrototypeOf(value) !== Object.prototype && FLOAT in value;
  }

  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  /** @internal */
  get [FLOAT](): true {
    return true;
  }
  valueOf(): number {
    return this.value;
  }
  toString(): string {
    return formatFloat(this.value);
  }
}

/** Writes a float, always with a point or an exponent, so that it is read back as a float: `1.0`, `-0.0`, `1e+21`. */
export function formatFloat(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
}
