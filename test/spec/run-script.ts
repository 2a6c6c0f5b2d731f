import { type ModuleExport, readModule } from '../../src/wasm/reader.ts';
import { callByConstants, hasVectors } from './adapter.ts';
import { type Bytes, type Change, exportState, isState } from './changes.ts';
import type { Argument, Script } from './script.ts';

/** How often the parts of scripts were used. */
export interface Counts {
  modules: number;
  /** Modules that the transform changed. */
  changed: number;
  /** Modules that this engine does not know. */
  unknown: number;
  calls: number;
  traps: number;
}

export const noCounts = (): Counts => ({ modules: 0, changed: 0, unknown: 0, calls: 0, traps: 0 });

/** An instance, with the exports of its original bytes and the line of its command. */
interface Made {
  readonly line: number;
  readonly instance: WebAssembly.Instance;
  readonly exports: readonly ModuleExport[];
}

/** One fact that can be observed. */
export interface Fact {
  /** The line of the command. */
  readonly line: number;
  /** The line that made the instance whose state is told; null for an outcome, and for a call of the host. */
  readonly of: number | null;
  readonly text: string;
}

/** The outcome of a module that the engine does not know. */
export const UNKNOWN = 'unknown to this engine';

const hexBytes = (hex: string): Bytes =>
  Uint8Array.from(hex.match(/../g) ?? [], byte => Number.parseInt(byte, 16));

const WORDS_FOR_SUM = 16 * 16_384;
function sumOf(buffer: ArrayBufferLike): string {
  let sum = 0;
  let last = 0;
  // Large memories are summed at their start alone: reading all of each takes minutes.
  const words = new Int32Array(buffer, 0, Math.min(buffer.byteLength >> 2, WORDS_FOR_SUM));
  for (const word of words) sum = (Math.imul(sum, 31) + word) | 0;
  if (buffer.byteLength >> 2 > WORDS_FOR_SUM) last = new Uint8Array(buffer).at(-1)!;
  return `${buffer.byteLength} bytes, ${sum} ${last}`;
}

/** A value of wasm as text. Objects are told by their kind, because each run has objects of its own. */
function show(value: unknown): string {
  if (value instanceof Uint8Array) return [...value].join(' ');
  if (typeof value === 'function') return `function of ${value.length}`;
  if (typeof value === 'object' && value !== null)
    return 'number' in value ? `host ${value.number}` : 'object';
  return Object.is(value, -0) ? '-0' : String(value);
}

const stateOf = ({ exports }: WebAssembly.Instance): string =>
  Object.entries(exports)
    .filter(([name]) => isState(name))
    .map(([name, item]) => {
      if (item instanceof WebAssembly.Memory) return `${name} ${sumOf(item.buffer)}`;
      return `${name} ${outcomeOf(() => (item as WebAssembly.Global).value)}`;
    })
    .join(', ');

/** JavaScriptCore ends the message of a trap with the source text of the call from JavaScript, which is another one for a start function. */
const CALL_SITE = / \(evaluating '.*'\)$/s;

function outcomeOf(run: () => unknown): string {
  try {
    return [run()].flat().map(show).join(' ');
  } catch (error) {
    const { name = '', message = '' } = Object(error) as { name?: string; message?: string };
    // The texts of link errors name sizes and numbers of types, which transforms change.
    return `threw ${name}${name === 'LinkError' ? '' : ` ${message.replace(CALL_SITE, '')}`}`;
  }
}

const aView = new DataView(new ArrayBuffer(8));
const hosts = new Map<string, object>();

function decode([type, bits]: Argument): unknown {
  switch (type) {
    case 'i32':
      return Number(bits);
    case 'i64':
      return BigInt(bits);
    case 'f32':
      aView.setUint32(0, Number(bits));
      return aView.getFloat32(0);
    case 'f64':
      aView.setBigUint64(0, BigInt(bits));
      return aView.getFloat64(0);
    case 'null':
      return null;
    default:
      if (!hosts.has(bits)) hosts.set(bits, { number: bits });
      return hosts.get(bits);
  }
}

/** The module `spectest` of the test suite. https://github.com/WebAssembly/spec/tree/main/test/core */
function makeHost(log: (line: string) => void): WebAssembly.ModuleImports {
  const print =
    (name: string) =>
    (...given: unknown[]) =>
      log(`${name} ${given.map(show).join(' ')}`);
  const global = (value: 'i32' | 'i64' | 'f32' | 'f64', number: unknown) =>
    new WebAssembly.Global({ value, mutable: false }, number as number);
  return {
    ...Object.fromEntries(
      ['print', 'print_i32', 'print_i64', 'print_f32', 'print_f64', 'print_i32_f32', 'print_f64_f64'].map(
        name => [name, print(name)],
      ),
    ),
    global_i32: global('i32', 666),
    global_i64: global('i64', 666n),
    global_f32: global('f32', 666.6),
    global_f64: global('f64', 666.6),
    table: new WebAssembly.Table({ initial: 10, maximum: 20, element: 'anyfunc' }),
    memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
    shared_memory: new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }),
  };
}

/**
 * Runs a script, and lists each fact that can be observed: results, traps, calls of the host, memories and globals.
 * @param change applied to each module, unless it leaves the module as it is
 * @param wrong called for a module that the change or its checker gets wrong
 */
export function runScript(
  { commands }: Script,
  change: Change | null,
  counts: Counts,
  wrong: (line: number, why: string) => void,
): Fact[] {
  const seen: Fact[] = [];
  let at = 0;
  const tell = (text: string, of: number | null = null) => void seen.push({ line: at, of, text });
  const host = makeHost(text => tell(text));
  const imports: Record<string, WebAssembly.ModuleImports> = { spectest: host };
  const named = new Map<string, Made | null>();
  const definitions = new Map<string | null, Bytes>();
  const all: Made[] = [];
  let current: Made | null = null;

  const make = (line: number, original: Bytes): Made | null => {
    counts.modules++;
    if (!WebAssembly.validate(original)) {
      counts.unknown++;
      tell(UNKNOWN);
      return null;
    }
    const open = exportState(original) ?? original;
    const bytes = WebAssembly.validate(open) ? open : original;
    const changed = change?.apply(bytes) ?? null;
    if (changed && change) {
      counts.changed++;
      if (!WebAssembly.validate(changed)) wrong(line, 'the changed module is not valid');
      if (!change.check(bytes, changed)) wrong(line, 'the checker refuses the changed module');
    }
    let made: Made | null = null;
    const outcome = outcomeOf(() => {
      const instance = new WebAssembly.Instance(new WebAssembly.Module(changed ?? bytes), imports);
      if (changed) change!.arm(instance);
      made = { line, instance, exports: readModule(original).exports };
      all.push(made);
      return 'made';
    });
    tell(outcome);
    return made;
  };
  const find = (name: string | null) => (name === null ? current : (named.get(name) ?? null));
  const tellState = () => {
    for (const { line, instance } of all) tell(stateOf(instance), line);
  };

  for (const command of commands) {
    const [kind, line] = command;
    at = line;
    switch (kind) {
      case 'definition':
        definitions.set(command[2], hexBytes(command[3]));
        definitions.set(null, hexBytes(command[3]));
        break;
      case 'module':
      case 'instance': {
        const name = command[2];
        const bytes = kind === 'module' ? hexBytes(command[3]) : definitions.get(command[3]);
        if (kind === 'module') definitions.set(name, bytes!);
        current = bytes ? make(line, bytes) : null;
        if (name !== null) named.set(name, current);
        break;
      }
      case 'register': {
        const made = find(command[3]);
        if (made) imports[command[2]] = made.instance.exports as WebAssembly.ModuleImports;
        break;
      }
      case 'link':
        make(line, hexBytes(command[2]));
        tellState();
        break;
      case 'get': {
        const item = find(command[2])?.instance.exports[command[3]];
        if (item instanceof WebAssembly.Global) tell(outcomeOf(() => item.value));
        break;
      }
      case 'invoke': {
        const made = find(command[2]);
        const [, , , field, args] = command;
        const fn = made?.instance.exports[field];
        if (!made || typeof fn !== 'function') break;
        const type = made.exports.find(({ name }) => name === field)?.type as
          | Parameters<typeof hasVectors>[0]
          | null;
        const outcome = outcomeOf(() =>
          type && hasVectors(type)
            ? callByConstants(fn, type, args)
            : (fn as (...given: unknown[]) => unknown)(...args.map(decode)),
        );
        counts.calls++;
        if (outcome.startsWith('threw')) counts.traps++;
        tell(outcome);
        tell(smallState(made.instance), made.line);
        break;
      }
    }
  }
  tellState();
  return seen;
}

/** As `stateOf`, if the memories are small: it is read after each call. */
function smallState(instance: WebAssembly.Instance): string {
  const isLarge = Object.values(instance.exports).some(
    item => item instanceof WebAssembly.Memory && item.buffer.byteLength > 65_536,
  );
  return isLarge ? '' : stateOf(instance);
}
