// AssemblyScript's parseFloat is off in the last digit, and by powers of ten above 1e38. This is exact: it divides integers
// of any size, and rounds the quotient to the nearest float, halves to even.

/** Decimal digits beyond these cannot change the nearest float, except by not being zero. */
const MAX_DIGITS = 800;

/** The largest powers of ten and integers that are exact floats: their product and quotient are rounded once. */
const EXACT_POWERS: f64[] = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
  1e20, 1e21, 1e22,
];
const EXACT_DIGITS = 15;

/** Returns the float nearest to a JSON number; infinity beyond the largest. */
export function parseJsonFloat(text: string): f64 {
  const isNegative = text.charCodeAt(0) == 0x2d;
  const value = parseUnsigned(text, isNegative ? 1 : 0);
  return isNegative ? -value : value;
}

function parseUnsigned(text: string, start: i32): f64 {
  const digits = new Big();
  let count = 0;
  let small: i64 = 0;
  let exponent = 0;
  let afterPoint = false;
  let dropped = false;
  let at = start;
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit == 0x2e) {
      afterPoint = true;
      continue;
    }
    if (unit < 0x30 || unit > 0x39) break;
    if (afterPoint) exponent--;
    const digit = unit - 0x30;
    if (count == 0 && digit == 0) continue;
    if (count < MAX_DIGITS) {
      if (count < EXACT_DIGITS) small = small * 10 + digit;
      digits.multiplyAdd(10, digit);
      count++;
    } else {
      if (digit != 0) dropped = true;
      exponent++;
    }
  }
  if (at < text.length) exponent += parseExponent(text, at + 1);
  if (count == 0 || count + exponent < -330) return 0;
  if (count + exponent > 310) return Infinity;
  if (count <= EXACT_DIGITS && abs(exponent) < EXACT_POWERS.length) {
    return exponent < 0 ? <f64>small / EXACT_POWERS[-exponent] : <f64>small * EXACT_POWERS[exponent];
  }
  const divisor = new Big();
  divisor.multiplyAdd(1, 1);
  (exponent > 0 ? digits : divisor).multiplyPower(abs(exponent));
  return divide(digits, divisor, dropped);
}

/** Reads an exponent of any length. It stays where sums with it are still an i32. */
function parseExponent(text: string, start: i32): i32 {
  const sign = text.charCodeAt(start);
  let exponent = 0;
  for (let at = sign == 0x2b || sign == 0x2d ? start + 1 : start; at < text.length; at++) {
    exponent = min(exponent * 10 + (text.charCodeAt(at) - 0x30), 100_000_000);
  }
  return sign == 0x2d ? -exponent : exponent;
}

const QUOTIENT_BITS = 56;

/** Returns the float nearest to a quotient. @param more whether the exact dividend is a little larger */
function divide(dividend: Big, divisor: Big, more: bool): f64 {
  // So that the quotient has 55 or 56 bits: 53 of the float, and some to round by.
  const shift = QUOTIENT_BITS - 1 - (dividend.bitLength - divisor.bitLength);
  if (shift > 0) dividend.shiftLeft(shift);
  else divisor.shiftLeft(-shift);

  let quotient: u64 = 0;
  // The bits above have one bit less than the divisor, so the quotient has no bit there.
  const rest = dividend.shiftedRight(QUOTIENT_BITS);
  for (let bit = QUOTIENT_BITS - 1; bit >= 0; bit--) {
    rest.multiplyAdd(2, dividend.bit(bit));
    quotient <<= 1;
    if (rest.isBelow(divisor)) continue;
    rest.subtract(divisor);
    quotient |= 1;
  }

  const bits = 64 - <i32>clz(quotient);
  // Below 2^-1022 floats have fewer bits, down to 2^-1074.
  const kept = min(53, bits - shift + 1074);
  if (kept < 0) return 0;
  const cut = bits - kept;
  let mantissa = cut == 64 ? 0 : quotient >> cut;
  const lost = quotient - (mantissa << cut);
  const half: u64 = 1 << (cut - 1);
  const isMore = more || rest.bitLength > 0;
  if (lost > half || (lost == half && (isMore || (mantissa & 1) == 1))) mantissa++;
  return scale(mantissa, cut - shift);
}

/** Returns value × 2^exponent, which is a float or too large for one. */
function scale(value: u64, exponent: i32): f64 {
  if (exponent > 971) return Infinity;
  const power = exponent < -1022 ? (<u64>1) << (exponent + 1074) : (<u64>(exponent + 1023)) << 52;
  return <f64>value * reinterpret<f64>(power);
}

/** An integer of any size, changed in place. */
class Big {
  /** Parts of 32 bits, the lowest first, the highest not 0. */
  private parts: u32[] = [];

  get bitLength(): i32 {
    const count = this.parts.length;
    return count == 0 ? 0 : count * 32 - <i32>clz(this.parts[count - 1]);
  }

  bit(index: i32): u32 {
    return (this.parts[index >> 5] >> (index & 31)) & 1;
  }

  multiplyAdd(factor: u32, summand: u32): void {
    let carry: u64 = summand;
    for (let index = 0; index < this.parts.length; index++) {
      carry += <u64>this.parts[index] * factor;
      this.parts[index] = <u32>carry;
      carry >>= 32;
    }
    if (carry != 0) this.parts.push(<u32>carry);
  }

  /** Multiplies by 10 to a power. */
  multiplyPower(power: i32): void {
    for (; power >= 9; power -= 9) this.multiplyAdd(1_000_000_000, 0);
    for (; power > 0; power--) this.multiplyAdd(10, 0);
  }

  shiftLeft(count: i32): void {
    this.multiplyAdd(1 << (count & 31), 0);
    for (let whole = count >> 5; whole > 0; whole--) this.parts.unshift(0);
  }

  shiftedRight(count: i32): Big {
    const result = new Big();
    const first = count >> 5;
    const bits = count & 31;
    for (let index = first; index < this.parts.length; index++) {
      const above: u64 = index + 1 < this.parts.length ? this.parts[index + 1] : 0;
      result.parts.push(<u32>(((above << 32) | this.parts[index]) >> bits));
    }
    result.trim();
    return result;
  }

  isBelow(other: Big): bool {
    if (this.parts.length != other.parts.length) return this.parts.length < other.parts.length;
    for (let index = this.parts.length - 1; index >= 0; index--) {
      if (this.parts[index] != other.parts[index]) return this.parts[index] < other.parts[index];
    }
    return false;
  }

  /** @param other not larger than this */
  subtract(other: Big): void {
    let borrow: i64 = 0;
    for (let index = 0; index < this.parts.length; index++) {
      borrow += this.parts[index];
      if (index < other.parts.length) borrow -= other.parts[index];
      this.parts[index] = <u32>borrow;
      borrow >>= 32;
    }
    this.trim();
  }

  private trim(): void {
    while (this.parts.length > 0 && this.parts[this.parts.length - 1] == 0) this.parts.pop();
  }
}
