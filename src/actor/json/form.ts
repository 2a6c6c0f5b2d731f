import { bytesOf, isUint8Array } from '../../../wasi/brands.ts';
import { ActorError, describe } from '../errors.ts';
import { Float } from '../float.ts';
import { formatPath, isWellFormed, MAX_DEPTH } from './value.ts';

/** A form of output, with one method for each kind of value. For JSON text `Out` is a string, for a copy it is the copy. */
export interface Form<Out> {
  literal(value: null | boolean): Out;
  string(text: string): Out;
  /** Returns `undefined` for an integer that this form cannot carry. */
  integer(value: number | bigint): Out | undefined;
  /** The range of integers that this form can carry, for the error message. */
  readonly integers: string;
  /** Called with finite values only. */
  float(value: number): Out;
  bytes(bytes: Uint8Array): Out;
  array(items: Out[]): Out;
  object(keys: string[], values: Out[]): Out;
}

/**
 * Writes a value in this form. Values that JSON cannot carry are refused in every form, so that all plugins accept the same
 * values. A `number` that is whole but not a safe integer is written as a float: the digits of an integer would look exact,
 * but such a number is not.
 * @param path Where the value stands, for error messages; its steps count as levels of nesting
 * @throws {ActorError} JSON_VALUE with the path of a value that JSON cannot carry (NaN, infinities, undefined, functions,
 * class instances, cycles, half surrogate pairs), JSON_DEPTH
 */
export const writeValue = <Out>(value: unknown, form: Form<Out>, path: readonly string[] = []): Out =>
  new Writer(form, path).write(value);

/** @throws {ActorError} JSON_VALUE */
export function checkText(text: string, path: readonly (string | number)[]): void {
  if (isWellFormed(text)) return;
  throw notJson(path, 'a string with half a surrogate pair is not JSON');
}

/** @param depth levels above a value that is an array or object @throws {ActorError} JSON_DEPTH */
export function checkDepth(depth: number, path: readonly (string | number)[]): void {
  if (depth < MAX_DEPTH) return;
  const message = `nested deeper than ${MAX_DEPTH} arrays and objects, the most that plugins can read`;
  throw new ActorError('JSON_DEPTH', `${formatPath(path)}: ${message}`);
}

const notJson = (path: readonly (string | number)[], problem: string) =>
  new ActorError('JSON_VALUE', `${path.length > 0 ? formatPath(path) : 'the value'}: ${problem}`);

/** An array or object that is being written, and the step to the value inside it that is. */
interface Level {
  readonly value: object;
  readonly above: Level | undefined;
  /** Levels of nesting above it. */
  readonly depth: number;
  step: string | number | undefined;
}

class Writer<Out> {
  readonly #form: Form<Out>;
  readonly #start: readonly string[];
  #level: Level | undefined;

  constructor(form: Form<Out>, path: readonly string[]) {
    this.#form = form;
    this.#start = path;
  }

  /** The path of the current value. Made only for errors: arrays that each value changes cost a small message a tenth of its time. */
  get #path(): (string | number)[] {
    const steps: (string | number)[] = [];
    for (let level = this.#level; level; level = level.above) {
      if (level.step !== undefined) steps.unshift(level.step);
    }
    return [...this.#start, ...steps];
  }

  write(value: unknown): Out {
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        return Number.isSafeInteger(value) && !Object.is(value, -0)
          ? this.#integer(value)
          : this.#float(value);
      case 'bigint':
        return this.#integer(value);
      case 'boolean':
        return this.#form.literal(value);
      case 'object':
        return value === null ? this.#form.literal(value) : this.#object(value);
      default:
        return this.#fail(`${describe(value)} is not JSON`);
    }
  }

  #string(value: string): Out {
    this.#checkText(value);
    return this.#form.string(value);
  }

  #integer(value: number | bigint): Out {
    const written = this.#form.integer(value);
    if (written !== undefined) return written;
    return this.#fail(`an integer beyond ${this.#form.integers} cannot be carried`);
  }

  #float(value: number): Out {
    if (!Number.isFinite(value)) this.#fail(`${value} is not JSON`);
    return this.#form.float(value);
  }

  #object(value: object): Out {
    if (value instanceof Float) return this.#float(value.value);
    if (isUint8Array(value)) return this.#form.bytes(bytesOf(value) ?? new Uint8Array(0));
    const above = this.#level;
    for (let level = above; level; level = level.above) {
      if (level.value === value) this.#fail('a value that contains itself is not JSON');
    }
    const depth = above ? above.depth + 1 : this.#start.length;
    if (depth >= MAX_DEPTH) checkDepth(depth, this.#path);
    const level: Level = { value, above, depth, step: undefined };
    this.#level = level;
    const written = Array.isArray(value) ? this.#array(value, level) : this.#members(value, level);
    this.#level = above;
    return written;
  }

  #array(array: readonly unknown[], level: Level): Out {
    // Not `map`, which skips holes.
    const items: Out[] = [];
    for (let index = 0; index < array.length; index++) {
      level.step = index;
      items.push(this.write(array[index]));
    }
    return this.#form.array(items);
  }

  #members(object: object, level: Level): Out {
    const prototype: unknown = Object.getPrototypeOf(object);
    // A plain object of another realm has another Object.prototype, but that prototype too is the last of its chain.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      this.#fail(`${describe(object)} is not JSON`);
    const keys = Object.keys(object);
    const values = keys.map(key => {
      level.step = undefined;
      this.#checkText(key);
      level.step = key;
      return this.write((object as Record<string, unknown>)[key]);
    });
    return this.#form.object(keys, values);
  }

  #checkText(text: string): void {
    if (!isWellFormed(text)) checkText(text, this.#path);
  }

  #fail(problem: string): never {
    throw notJson(this.#path, problem);
  }
}
