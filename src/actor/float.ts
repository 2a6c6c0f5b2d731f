/** A whole number that is a floating point number: `new Float(1)` is the `1.0` that a plain `1` cannot be. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  valueOf(): number {
    return this.value;
  }
  toString(): string {
    return formatFloat(this.value);
  }
}

/** With a point or an exponent always, so that it reads back as a float: `1.0`, `-0.0`, `1e+21`. */
export function formatFloat(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
}
