// Tells values apart by their internal slots. `instanceof` refuses values of another realm, such as an iframe, `node:vm` or
// jest, and it accepts forged ones. The getters are taken at load, and read the slots instead of the value's own properties.
// `abi/brands.ts` and `wasi/brands.ts` are one text, since neither folder imports the other: test/signatures.test.ts compares them.

type Getter<T = unknown> = (value: unknown) => T;

/** Returns the getter of a property. It throws for a value without the slot, and where the engine lacks the class. */
/* @__NO_SIDE_EFFECTS__ */
function getterOf<T>(owner: object | undefined, name: PropertyKey): Getter<T> {
  const get = owner && Object.getOwnPropertyDescriptor(owner, name)?.get;
  return value => get!.call(value) as T;
}

/** Whether `read` accepts the value. */
function passes(read: Getter, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  try {
    read(value);
    return true;
  } catch {
    return false;
  }
}

const wasm = (globalThis as { WebAssembly?: typeof WebAssembly }).WebAssembly;
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** The name of the class; undefined for values that are not typed arrays. */
const classOf = getterOf<string | undefined>(typedArray, Symbol.toStringTag);
const slotsOf = (owner: object) => ({
  buffer: getterOf<ArrayBufferLike>(owner, 'buffer'),
  byteOffset: getterOf<number>(owner, 'byteOffset'),
  byteLength: getterOf<number>(owner, 'byteLength'),
});
const slotsOfArray = slotsOf(typedArray);
const slotsOfView = slotsOf(DataView.prototype);
const lengthOfBuffer = getterOf<number>(ArrayBuffer.prototype, 'byteLength');
const lengthOfShared = getterOf<number>(globalThis.SharedArrayBuffer?.prototype, 'byteLength');
const bufferOfMemory = getterOf<ArrayBufferLike>(wasm?.Memory.prototype, 'buffer');
const { customSections } = wasm?.Module ?? {};

export const isArrayBuffer = (value: unknown): value is ArrayBuffer => passes(lengthOfBuffer, value);
export const isSharedBuffer = (value: unknown): value is SharedArrayBuffer => passes(lengthOfShared, value);
/** Also true for a `Buffer` of Node. Engines inline `isView`, which comes first because most values are not bytes. */
export const isUint8Array = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && classOf(value) === 'Uint8Array';
export const isMemory = (value: unknown): value is WebAssembly.Memory => passes(bufferOfMemory, value);
export const isModule = (value: unknown): value is WebAssembly.Module =>
  passes(module => customSections!(module as WebAssembly.Module, ''), value);

/** Whether a value is an ArrayBuffer, or a typed array or DataView of one. */
export const isBytes = (value: unknown): value is ArrayBufferView | ArrayBuffer =>
  ArrayBuffer.isView(value) || isArrayBuffer(value);

/**
 * Returns a view of the bytes of an ArrayBuffer, a typed array or a DataView; undefined for other values, and for an array whose
 * buffer is detached. The view has no properties of the caller, such as another `length`.
 */
export function viewBytes(value: unknown): Uint8Array | undefined {
  try {
    if (!ArrayBuffer.isView(value)) return isArrayBuffer(value) ? new Uint8Array(value) : undefined;
    const { buffer, byteOffset, byteLength } = classOf(value) === undefined ? slotsOfView : slotsOfArray;
    return new Uint8Array(buffer(value), byteOffset(value), byteLength(value));
  } catch {
    return undefined;
  }
}

/** As `viewBytes`, but returns a Uint8Array of this realm itself: making a view takes as long as a small call. */
export const bytesOf = (value: unknown): Uint8Array | undefined =>
  ArrayBuffer.isView(value) && Object.getPrototypeOf(value) === Uint8Array.prototype
    ? (value as Uint8Array)
    : viewBytes(value);

/** Whether a thrown value has a name and a message. Errors have no slot that every engine shows. */
export function isError(thrown: unknown): thrown is Error {
  try {
    if (thrown instanceof Error) return true;
    const { name, message } = Object(thrown) as Partial<Error>;
    return typeof name === 'string' && typeof message === 'string';
  } catch {
    return false;
  }
}

/** Whether an engine threw an error of this class, in any realm. */
export function isErrorOf(name: 'RangeError' | 'TypeError', thrown: unknown): thrown is Error {
  try {
    return isError(thrown) && thrown.name === name;
  } catch {
    return false;
  }
}
