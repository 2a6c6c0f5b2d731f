import {
  aFlag,
  anArray,
  having,
  type Kind,
  kind,
  type OptionTable,
  type Refuse,
  readArgument,
  readOptions,
  refuseExtra,
} from '../../wasi/options.ts';
import { PlugboardError } from '../errors.ts';
import { fromBase64, toBase64 } from '../values/base64.ts';
import { decodeStrict, parseJson, stringify } from '../values/text.ts';
import { isThenable } from '../values/thenable.ts';
import type { ValueType } from '../wasm/reader.ts';
import type { CallContext } from './context.ts';
import { declare, type HostFunction, isAsyncFunction, type WasmValue } from './function.ts';

/** Converts a value between a plugin and a host function. */
export interface ValueCodec<T> {
  /** The wasm type of the parameter or result. A block is passed as its handle, an i64. */
  readonly wasm: Extract<ValueType, 'i32' | 'i64' | 'f32' | 'f64'>;
  read(context: CallContext, value: WasmValue): T;
  write(context: CallContext, value: T): WasmValue;
}

const decode = (bytes: Uint8Array) => decodeStrict(bytes, 'parameter');

/** Makes a codec for values that are passed as a block of bytes. Handle 0 is an empty block. */
function block<T>(
  decode: (bytes: Uint8Array<ArrayBuffer>) => T,
  encode: (value: T) => string | Uint8Array,
): ValueCodec<T> {
  return {
    wasm: 'i64',
    read: (context, handle) => {
      const output = context.read(handle);
      if (output === null) {
        throw new PlugboardError('INVALID_HANDLE', `${handle} is not the handle of a live block`);
      }
      return decode(output.bytes());
    },
    write: (context, value) => context.store(encode(value)),
  };
}

/** Makes a codec for numbers in a block, little endian and of exactly `sizeBytes` bytes, as in extism-convert. */
function refuseValue(message: string): never {
  throw new PlugboardError('INVALID_INPUT', message);
}

function numberBlock<T extends number | bigint>(
  sizeBytes: number,
  get: (view: DataView) => T,
  set: (view: DataView, value: T) => void,
  isInteger = true,
): ValueCodec<T> {
  return block(
    bytes => {
      if (bytes.length !== sizeBytes) refuseValue(`expected ${sizeBytes} bytes, got ${bytes.length}`);
      return get(new DataView(bytes.buffer));
    },
    value => {
      const bytes = new Uint8Array(sizeBytes);
      const view = new DataView(bytes.buffer);
      set(view, value);
      if (isInteger && get(view) !== value) refuseValue(`${value} does not fit ${sizeBytes} bytes`);
      return bytes;
    },
  );
}

const wasmFloat = (wasm: 'f32' | 'f64'): ValueCodec<number> => ({
  wasm,
  read: (_, value) => Number(value),
  write: (_, value) => value,
});

/** Makes a codec for integers. `as` wraps a wasm value into the range of the type. A result outside the range is refused. */
const wasmInteger = <T extends WasmValue>(
  wasm: 'i32' | 'i64',
  as: (value: WasmValue) => T,
): ValueCodec<T> => ({
  wasm,
  read: (_, value) => as(value),
  write: (_, value) => {
    if (as(value) !== value) refuseValue(`${value} does not fit the wasm type ${wasm}`);
    return value;
  },
});

const text = block<string>(decode, value => value);
/** A text that traces and recordings never show. */
const secret: ValueCodec<string> = { ...text };

/**
 * Codecs for parameters and results of host functions. `text` (strict UTF-8), `secret` (text that traces never show), `json`, `bytes`, `base64` (standard alphabet,
 * padded) and the numbers of `inBlock` (little endian) are passed as blocks. The other numbers are passed as wasm numbers:
 * i32 and i64 are read as signed, u32 and u64 as unsigned.
 */
export const values = {
  text,
  secret,
  json: block<unknown>(
    bytes => parseJson(decode(bytes), 'parameter'),
    value => stringify(value) ?? refuseValue(`JSON has no form for ${typeof value}`),
  ),
  bytes: block<Uint8Array>(
    bytes => bytes,
    value => value,
  ),
  base64: block<Uint8Array>(bytes => fromBase64(decode(bytes)), toBase64),
  i32: wasmInteger('i32', value => Number(value) | 0),
  u32: wasmInteger('i32', value => Number(value) >>> 0),
  i64: wasmInteger('i64', value => BigInt.asIntN(64, BigInt(value))),
  u64: wasmInteger('i64', value => BigInt.asUintN(64, BigInt(value))),
  f32: wasmFloat('f32'),
  f64: wasmFloat('f64'),
  inBlock: {
    i32: numberBlock<number>(
      4,
      view => view.getInt32(0, true),
      (view, value) => view.setInt32(0, value, true),
    ),
    u32: numberBlock<number>(
      4,
      view => view.getUint32(0, true),
      (view, value) => view.setUint32(0, value, true),
    ),
    i64: numberBlock<bigint>(
      8,
      view => view.getBigInt64(0, true),
      (view, value) => view.setBigInt64(0, value, true),
    ),
    u64: numberBlock<bigint>(
      8,
      view => view.getBigUint64(0, true),
      (view, value) => view.setBigUint64(0, value, true),
    ),
    f32: numberBlock<number>(
      4,
      view => view.getFloat32(0, true),
      (view, value) => view.setFloat32(0, value, true),
      false,
    ),
    f64: numberBlock<number>(
      8,
      view => view.getFloat64(0, true),
      (view, value) => view.setFloat64(0, value, true),
      false,
    ),
  },
} as const;

/** Parameters and result of a typed host function. */
export interface Signature<Params extends readonly unknown[], Result> {
  /** The types of the parameters, after the context. */
  params?: readonly [...{ [Index in keyof Params]: ValueCodec<Params[Index]> }];
  /** Left out for a function without a result. */
  result?: ValueCodec<Result>;
  /** Whether the function returns a promise. Default: true if it is an `async function`. */
  isAsync?: boolean;
}

const aCodec: Kind<ValueCodec<never>> = having('a codec of values, such as values.text', 'read', 'write');

export const SIGNATURE_KEYS: OptionTable<Signature<readonly never[], never>> = {
  of: 'hostFunction(signature, fn)',
  rows: {
    params: { ...anArray(aCodec), default: 'none' },
    result: { ...aCodec, default: 'none' },
    isAsync: { ...aFlag, default: 'whether fn is an async function' },
  },
  hints: {
    args: 'did you mean "params"?',
    arguments: 'did you mean "params"?',
    parameters: 'did you mean "params"?',
    returns: 'did you mean "result"?',
    output: 'did you mean "result"?',
    async: 'did you mean "isAsync"?',
  },
};

const refuse: Refuse = message => {
  throw new PlugboardError('INVALID_OPTION', message);
};

const aSecondFunction = kind('a function as second argument', value => typeof value === 'function');

/**
 * Makes a host function that takes and returns JavaScript values. Creation fails for a plugin that imports it with another
 * wasm type. A parameter that cannot be read, or a result that cannot be written, fails the call with HOST_FUNCTION_FAILED.
 * @throws {PlugboardError} INVALID_OPTION
 * @example
 * ```js
 * import { createPlugin, hostFunction, values } from 'plugboard';
 * const { text, inBlock } = values;
 * const kv_read = hostFunction({ params: [text], result: inBlock.u32 }, (context, key) => 40);
 * const kv_write = hostFunction({ params: [text, inBlock.u32] }, (context, key, total) => console.log(key, total)); // count-vowels 42
 * const functions = { 'extism:host/user': { kv_read, kv_write } };
 * const plugin = await createPlugin(import.meta.resolve('plugboard/examples/kv-store.wasm'), { functions });
 * await plugin.call('count_vowels', 'Hello');
 * await plugin.close();
 * ```
 */
export function hostFunction<Params extends readonly unknown[] = [], Result = void>(
  signature: Signature<Params, Result>,
  fn: (context: CallContext, ...args: NoInfer<Params>) => Result | PromiseLike<Result>,
): HostFunction;
export function hostFunction<Params extends readonly unknown[], Result>(
  signature: Signature<Params, Result>,
  fn: (context: CallContext, ...args: NoInfer<Params>) => Result | PromiseLike<Result>,
  ...extra: unknown[]
): HostFunction {
  refuseExtra(extra, 'hostFunction', refuse);
  if (typeof signature === 'function') {
    refuse(
      'hostFunction: expected { params, result } and then the function, got a function first; one that takes wasm numbers ' +
        'can be given to createPlugin as it is',
    );
  }
  const { params, result, isAsync } = readOptions(SIGNATURE_KEYS, signature, 'hostFunction', refuse);
  readArgument(aSecondFunction, fn, 'hostFunction', refuse);
  const codecs = (params ?? []) as readonly ValueCodec<unknown>[];
  const typed = (context: CallContext, ...args: WasmValue[]): unknown => {
    const read = codecs.map((codec, index) => codec.read(context, args[index]!));
    const answer = fn(context, ...(read as unknown as Params));
    const write = (value: Result) =>
      result ? (result as ValueCodec<Result>).write(context, value) : undefined;
    return isThenable(answer) ? answer.then(write) : write(answer);
  };
  return declare(typed as HostFunction, {
    type: { params: codecs.map(({ wasm }) => wasm), results: result ? [result.wasm] : [] },
    isAsync: isAsync ?? isAsyncFunction(fn as unknown as HostFunction),
    secrets: codecs.flatMap((codec, index) => (codec === secret ? [index] : [])),
  });
}
