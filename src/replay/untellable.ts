import { SECTIONS } from '../../abi/encode.ts';
import { attempt } from '../errors.ts';
import type { TappedModule } from '../host/tap.ts';
import { Cursor } from '../wasm/cursor.ts';
import { readBody } from '../wasm/instructions.ts';
import { readModule } from '../wasm/reader.ts';
import type { RecordedCall, Untellable } from './format.ts';

/** The facts that a replay does not repeat. docs/REPLAY.md lists them. */
export const UNTELLABLE: Readonly<Record<Untellable['code'], string>> = {
  state:
    'the instance had served calls before this one, which are not recorded: a plugin that keeps state in its memory may do something else',
  'stack-overflow': 'the depth at which a call stack is exhausted differs between engines',
  time: 'the call was ended from outside while the code of the plugin ran: a replay does not know the instruction',
  'engine-memory': 'the engine refused memory: another engine or machine may have it',
  'get-instance': 'getInstance was called: a change of the instance by the host is not recorded',
  'set-var': 'setVar was called during a call: the moment is not recorded',
  'relaxed-simd': 'a module has relaxed SIMD instructions, whose results differ between machines',
  'shared-memory': 'a module has shared memory, which other threads may change',
  compiled: 'a module has no bytes in the recording: replay with `wasm`',
  size: 'the answers are more than the recorder keeps: this call and those after it are not recorded',
};

/** Returns the facts that the modules show before they run. */
export function factsOf(modules: readonly TappedModule[], withModules: boolean): Untellable[] {
  const codes = modules.flatMap(({ source }): Untellable['code'][] => {
    if (!('bytes' in source)) return ['compiled'];
    return [
      ...(withModules ? [] : (['compiled'] as const)),
      ...(attempt(() => hasRelaxed(source.bytes), false) ? (['relaxed-simd'] as const) : []),
      ...(readModule(source.bytes).memories.some(({ shared }) => shared) ? (['shared-memory'] as const) : []),
    ];
  });
  return codes.map(code => ({ code, message: UNTELLABLE[code] }));
}

const VECTOR_PREFIX = 253;
/** The relaxed instructions have the numbers 256 to 275, as LEB128: https://github.com/WebAssembly/relaxed-simd */
const isRelaxed = (bytes: Uint8Array, at: number): boolean => bytes[at]! >= 0x80 && bytes[at + 1] === 2;

function hasRelaxed(bytes: Uint8Array): boolean {
  let found = false;
  const code = readModule(bytes).sections.find(({ id }) => id === SECTIONS.code);
  if (!code) return false;
  const cursor = new Cursor(bytes, code.contentsOffset, code.offset + code.sizeBytes);
  cursor.each('functions', () => {
    const body = cursor.take(cursor.u32('the size of a body'), 'a body');
    readBody(new Cursor(body), (opcode, at) => {
      found ||= opcode === VECTOR_PREFIX && isRelaxed(body, at);
    });
  });
  return found;
}

/** Codes of errors that say how a call was ended, where a replay may end it elsewhere. */
const ENDS: Readonly<Record<string, Untellable['code']>> = {
  STACK_OVERFLOW: 'stack-overflow',
  TIMEOUT: 'time',
  ABORTED: 'time',
  CLOSED: 'time',
  WORKER_FAILED: 'time',
};

/** Returns the fact about the end of a call, if it is one that a replay does not repeat. */
export function untellableEnd(code: string, { entries, error }: RecordedCall): Untellable | undefined {
  const last = entries.at(-1);
  const waits =
    (last?.kind === 'host' && last.result === undefined && last.thrown === undefined) ||
    (last?.kind === 'http' && !last.response && !last.error) ||
    last?.kind === 'sleep';
  const own = Object.hasOwn(ENDS, code) ? ENDS[code] : undefined;
  const found =
    own === 'time' && waits
      ? undefined
      : (own ??
        (code === 'MEMORY_LIMIT' && /the engine has/.test(String(error?.message))
          ? 'engine-memory'
          : undefined));
  return found && { code: found, message: UNTELLABLE[found] };
}
