import type { EnvFunction, EnvValue, Kernel } from '../../abi/index.ts';
import { ENV_FUNCTIONS } from '../../abi/spec.ts';
import { errnoName } from '../../wasi/index.ts';
import type { SeenParam } from '../../wasi/seen.ts';
import type { ImportCall, ImportOutcome, TracedLink } from '../host/listener.ts';
import { type Contents, plain } from './contents.ts';
import type { TraceContent, TraceValue } from './events.ts';
import type { Secrets } from './secrets.ts';

type Succeeded = Exclude<ImportOutcome, { error: unknown }>;

const NUMBERS = ['i32', 'i64', 'f32', 'f64'] as const;
const typeOf = (type: string | undefined, value: unknown): TraceValue['type'] =>
  NUMBERS.find(name => name === type) ??
  (typeof value === 'bigint' ? 'i64' : typeof value === 'number' && type === undefined ? 'f64' : 'ref');

/** Reads arguments and results by the tables of `abi/` and `wasi/`, and those of host functions by their wasm types. */
export class Decoder {
  readonly #kernel: Kernel;
  readonly #contents: Contents;
  readonly #secrets: Secrets;

  constructor(kernel: Kernel, contents: Contents, secrets: Secrets) {
    this.#kernel = kernel;
    this.#contents = contents;
    this.#secrets = secrets;
  }

  params({ name, args, seen }: ImportCall, link: TracedLink): TraceValue[] {
    if (link.from === 'kernel') return this.#byRow(rowOf(name).params, args);
    if (link.from === 'wasi') return (seen ?? []).map(param => this.#seen(param));
    return args.map((value, index) =>
      this.#ofHost(`${index}`, value, link.type?.params[index], link.secrets.includes(index)),
    );
  }

  results({ name }: ImportCall, link: TracedLink, { result, seen }: Succeeded): TraceValue[] {
    if (link.from === 'kernel') return this.#byRow(rowOf(name).results, [result]);
    if (link.from === 'wasi') {
      const errno = Number(result);
      const first: TraceValue = { name: 'errno', type: 'i32', kind: 'errno', value: errno };
      return [{ ...first, text: errnoName(errno) }, ...(seen ?? []).map(param => this.#seen(param))];
    }
    if (result === undefined) return [];
    const all = Array.isArray(result) ? (result as unknown[]) : [result];
    return all.map((value, index) => this.#ofHost(`${index}`, value, link.type?.results[index], false));
  }

  #byRow(row: readonly EnvValue[], values: readonly unknown[]): TraceValue[] {
    return row.map(({ name, type, kind }, index): TraceValue => {
      const value = values[index];
      // Loads and stores carry the data of blocks in small pieces, in which no secret could be found.
      if (kind === 'word') return { name, type, kind };
      const unsigned = type === 'i64' ? BigInt.asUintN(64, BigInt(value as bigint)) : Number(value) >>> 0;
      const shown: TraceValue = { name, type, kind, value: plain(unsigned) };
      return kind === 'number' ? shown : { ...shown, ...this.#block(Number(unsigned), kind) };
    });
  }

  /** The length of a block, 0 for a handle that is not one of a live block; with its bytes, if they count. */
  #block(handle: number, kind: TraceValue['kind']): TraceContent {
    const { memory } = this.#kernel;
    const bytes = memory.length(handle);
    if (kind === 'handle' || bytes === 0 || !this.#contents.wantsBytes) return { bytes };
    return this.#contents.of(memory.readable(handle, bytes), this.#secrets, kind);
  }

  #seen({ name, type, value, kind, bytes }: SeenParam): TraceValue {
    return {
      name,
      type,
      kind,
      value: plain(value),
      ...(bytes && this.#contents.of(bytes, this.#secrets)),
    };
  }

  /** A number of a host function may be a handle: it is shown as one if a live block has it. */
  #ofHost(name: string, value: unknown, of: string | undefined, isSecret: boolean): TraceValue {
    const type = typeOf(of, value);
    if (type === 'ref') return { name, type, kind: 'number' };
    const handle = type === 'i64' ? Number(value) : 0;
    const bytes = this.#kernel.memory.length(handle);
    if (bytes === 0) {
      if (isSecret) return { name, type, kind: 'number', secret: true };
      return { name, type, kind: 'number', ...this.#contents.ofNumber(value, this.#secrets) };
    }
    const shown: TraceValue = { name, type, kind: 'content', value: handle };
    if (!isSecret) return { ...shown, ...this.#block(handle, 'content') };
    this.#secrets.addBytes(this.#kernel.memory.readable(handle, bytes));
    return { ...shown, bytes, secret: true };
  }
}

const rows = new Map<string, EnvFunction>(ENV_FUNCTIONS.map(row => [row.name, row]));
const rowOf = (name: string): EnvFunction => rows.get(name)!;
