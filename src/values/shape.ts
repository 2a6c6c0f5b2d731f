import { isObject } from './object.ts';

// Shapes of data that may come from anywhere: recordings, traces, journals, keys on a server.

/** Checks a value, and throws an error that names the place and the expected form. */
export type Shape = (value: unknown, where: string) => void;

export const refuse = (expected: string, where: string): never => {
  throw new Error(`${where}: expected ${expected}`);
};
export const of =
  (expected: string, fits: (value: unknown) => boolean): Shape =>
  (value, where) =>
    fits(value) ? undefined : refuse(expected, where);

export const constant = (wanted: unknown) => of(JSON.stringify(wanted), value => value === wanted);
export const oneOf = (...names: readonly unknown[]) =>
  of(`one of ${names.join(', ')}`, value => names.includes(value));
export const flag = of('true or false', value => typeof value === 'boolean');
export const count = of('a whole number', value => Number.isSafeInteger(value) && (value as number) >= 0);
export const plain = of('a text', value => typeof value === 'string');
export const anything: Shape = () => {};

export const orNull =
  (shape: Shape): Shape =>
  (value, where) =>
    value === null ? undefined : shape(value, where);
export const list =
  (shape: Shape): Shape =>
  (value, where) => {
    if (!Array.isArray(value)) return refuse('an array', where);
    for (const [index, item] of value.entries()) shape(item, `${where}[${index}]`);
  };
export const tuple =
  (...shapes: Shape[]): Shape =>
  (value, where) => {
    if (!Array.isArray(value) || value.length !== shapes.length)
      return refuse(`an array of ${shapes.length}`, where);
    for (const [index, shape] of shapes.entries()) shape(value[index], `${where}[${index}]`);
  };
/** An object with these keys, and others that nobody reads. */
export const atLeast =
  (shapes: Record<string, Shape>): Shape =>
  (value, where) => {
    if (!isObject(value)) return refuse('an object', where);
    for (const [key, shape] of Object.entries(shapes)) {
      if (!Object.hasOwn(value, key)) refuse(`the key ${key}`, where);
      shape(value[key], `${where}.${key}`);
    }
  };
/** An object with these keys and no other; those in `optional` may be missing. */
export const object =
  (shapes: Record<string, Shape>, optional: Record<string, Shape> = {}): Shape =>
  (value, where) => {
    atLeast(shapes)(value, where);
    for (const [key, item] of Object.entries(value as object)) {
      if (Object.hasOwn(shapes, key)) continue;
      if (!Object.hasOwn(optional, key)) refuse(`no key ${JSON.stringify(key.slice(0, 50))}`, where);
      optional[key]!(item, `${where}.${key}`);
    }
  };
export const record =
  (shape: Shape, keys?: readonly string[]): Shape =>
  (value, where) => {
    if (!isObject(value)) return refuse('an object', where);
    for (const [key, item] of Object.entries(value)) {
      if (keys && !keys.includes(key)) refuse(`one of the keys ${keys.join(', ')}`, where);
      shape(item, where);
    }
  };
/** An object whose key `kind` or `call` chooses the shape. */
export const byKey =
  (key: string, shapes: Record<string, Shape>): Shape =>
  (value, where) => {
    const name = isObject(value) ? value[key] : undefined;
    if (typeof name !== 'string' || !Object.hasOwn(shapes, name))
      return refuse(`a ${key} of ${Object.keys(shapes).join(', ')}`, where);
    shapes[name]!(value, where);
  };
export const either =
  (...shapes: Shape[]): Shape =>
  (value, where) => {
    const fits = shapes.some(shape => {
      try {
        shape(value, where);
        return true;
      } catch {
        return false;
      }
    });
    if (!fits) refuse('a result of this call', where);
  };
