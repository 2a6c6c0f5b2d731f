import type { CallEnd, ImportEvent, TraceValue } from '../trace/events.ts';
import type { Block, Blocks } from './blocks.ts';
import type { RuleText } from './lint-rules.ts';

/** The call of an export that the rules look at. */
export interface FollowedCall {
  blocks: Blocks;
  /** Blocks that the plugin named as its output and its error text. */
  results: Set<number>;
  /** Length of the output that was set last; 0 without one. */
  outputBytes: number;
}

/** A rule about the calls of a trace. A rule that looks at imports gets them before the blocks of their results are noted. */
export interface TraceRule extends RuleText {
  /** Returns the message for a call of an import; null if the rule does not apply. */
  ofImport?(event: ImportEvent, call: FollowedCall): string | null;
  /** Returns the message for the end of a call. */
  ofReturn?(event: CallEnd, call: FollowedCall): string | null;
}

const ABI =
  'https://github.com/extism/extism/blob/0496ace9c6892ebe1ee01e027af9a65a1e0215d8/kernel/src/lib.rs';

const HANDLES: readonly TraceValue['kind'][] = ['handle', 'content', 'key', 'config', 'request', 'headers'];
export const isHandle = ({ kind }: TraceValue): boolean => HANDLES.includes(kind);

/** The parameters that should be handles of live blocks, and are not: the kernel has found no block. */
const lost = ({ from, params }: ImportEvent): TraceValue[] =>
  from === 'kernel' || from === 'http'
    ? params.filter(param => isHandle(param) && param.bytes === 0 && Number(param.value) !== 0)
    : [];

const freedAt = (address: number, { blocks }: FollowedCall): Block | undefined => {
  const block = blocks.at(address);
  return block?.isFreed ? block : undefined;
};

/** The address that a load, a store or output_set works on. */
const addressOf = ({ from, name, params }: ImportEvent): number | undefined => {
  if (from !== 'kernel' || !/^(load|store)_|^output_set$/.test(name)) return undefined;
  const [address, length] = params;
  return name === 'output_set' && Number(length!.value) === 0 ? undefined : Number(address!.value);
};

const inBlock = ({ start, bytes }: Block): string => `the block of ${bytes} bytes at ${start}`;

/** Codes of the failures that a plugin reports itself. */
const OWN_FAILURES = ['PLUGIN_ERROR', 'NONZERO_RESULT'];

/** Blocks that a call may leave. The PDKs leave some: the host takes them back when the call is over. */
const MOST_LEFT = 16;

export const TRACE_RULES: readonly TraceRule[] = [
  {
    id: 'double-free',
    level: 'error',
    what: 'A block is freed twice.',
    why: 'Another block may have its handle by then, and is lost.',
    source: ABI,
    repair: { any: 'Free a block where it is used last, and only there' },
    ofImport: (event, call) => {
      if (event.name !== 'free') return null;
      const [handle] = lost(event);
      const block = handle && freedAt(Number(handle.value), call);
      return block?.start === Number(handle?.value) ? `${inBlock(block!)} is freed twice` : null;
    },
  },
  {
    id: 'use-after-free',
    level: 'error',
    what: 'A freed block is used.',
    why: 'Its bytes may be those of another block by then.',
    source: ABI,
    repair: { any: 'Free the block after its last use' },
    ofImport: (event, call) => {
      const { name } = event;
      const [handle] = name === 'free' ? [] : lost(event);
      const address = handle ? Number(handle.value) : addressOf(event);
      const block = address === undefined ? undefined : freedAt(address, call);
      return block ? `${name} uses ${inBlock(block)}, which is freed` : null;
    },
  },
  {
    id: 'wrong-handle',
    level: 'error',
    what: 'A handle is not the start of a block of this call.',
    why: 'Blocks live until their call is over, and a handle is their first byte. The kernel ignores another handle, or ends the call.',
    source: ABI,
    repair: { any: 'Keep the handle that alloc returned, and no handle from one call to the next' },
    ofImport: (event, call) => {
      const wrong = lost(event).find(({ value }) => {
        const block = freedAt(Number(value), call);
        return !block || (event.name === 'free' && block.start !== Number(value));
      });
      if (!wrong) return null;
      const block = call.blocks.at(Number(wrong.value));
      return `${event.name} gets the handle ${wrong.value}, which is ${block ? `inside ${inBlock(block)}` : 'not of a block of this call'}`;
    },
  },
  {
    id: 'output-range',
    level: 'error',
    what: 'The output goes beyond its block.',
    why: 'The host takes bytes that the plugin did not write, or no output at all.',
    source: ABI,
    repair: { any: 'Pass the length of the block, or allocate a block for the whole output' },
    ofImport: (event, call) => {
      const { name, params } = event;
      const address = addressOf(event);
      if (name !== 'output_set' || address === undefined || freedAt(address, call)) return null;
      const block = call.blocks.at(address);
      const length = Number(params[1]!.value);
      if (!block) {
        return call.blocks.areAllKnown
          ? `output_set names ${length} bytes at ${address}, where no block of this call is`
          : null;
      }
      return address + length > block.start + block.bytes
        ? `output_set names ${length} bytes at ${address}, beyond the end of ${inBlock(block)}`
        : null;
    },
  },
  {
    id: 'blocks-left',
    level: 'warning',
    what: `A call leaves more than ${MOST_LEFT} blocks that it has neither freed nor passed on.`,
    why: 'They are taken back when the call is over, and count until then. The PDKs leave a few in each call.',
    source: ABI,
    repair: { any: 'Free blocks in the loop that makes them' },
    ofReturn: (_, { blocks, results }) => {
      const left = blocks.all.filter(
        ({ start, isFreed, isPassed, from }) => !isFreed && !isPassed && from !== null && !results.has(start),
      );
      if (left.length <= MOST_LEFT) return null;
      const names = [...new Set(left.map(({ from }) => from))].join(', ');
      const bytes = left.reduce((sum, block) => sum + block.bytes, 0);
      return `leaves ${left.length} blocks of ${bytes} bytes, which ${names} returned`;
    },
  },
  {
    id: 'error-without-code',
    level: 'warning',
    what: 'An export sets an error text, and returns 0.',
    why: 'Hosts differ: some count the call as a success, and drop the text.',
    source: 'https://extism.org/docs/concepts/pdk',
    repair: { any: 'Return 1 after error_set' },
    ofReturn: ({ error }) =>
      error?.code === 'PLUGIN_ERROR' && error.exitCode === 0 ? 'sets an error text, and returns 0' : null,
  },
  {
    id: 'code-without-error',
    level: 'warning',
    what: 'An export returns a code other than 0, and sets no error text.',
    why: 'The caller learns nothing but a number.',
    source: 'https://extism.org/docs/concepts/pdk',
    repair: { any: 'Call error_set before the return' },
    ofReturn: ({ error }) =>
      error?.code === 'NONZERO_RESULT'
        ? `returns ${error.exitCode ?? 'a code'}, and sets no error text`
        : null,
  },
  {
    id: 'key-utf8',
    level: 'error',
    what: 'A key is not UTF-8.',
    why: 'Keys of config and variables are texts. The call ends.',
    source: 'https://extism.org/docs/concepts/pdk',
    repair: { any: 'Encode the key as UTF-8, such as in hexadecimal digits' },
    ofImport: ({ name, params, error }) =>
      error?.code === 'INVALID_UTF8' && params.some(({ kind }) => kind === 'key')
        ? `${name} gets a key that is not UTF-8`
        : null,
  },
  {
    id: 'output-on-failure',
    level: 'note',
    what: 'A call sets an output, and fails.',
    why: 'Most hosts drop the output of a call that fails.',
    source: 'https://extism.org/docs/concepts/pdk',
    repair: { any: 'Put the data into the error text, or return 0' },
    ofReturn: ({ error }, { outputBytes }) =>
      error && OWN_FAILURES.includes(error.code) && outputBytes > 0
        ? `sets an output of ${outputBytes} bytes, and fails`
        : null,
  },
];
