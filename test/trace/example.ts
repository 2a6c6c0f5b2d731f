import type { ImportEvent, TraceEvent } from '../../src/audit/node.ts';

const inCall = { plugin: 1, call: 1, instance: 1 } as const;

let id = 0;
const imported = (event: Pick<ImportEvent, 'name' | 'from' | 'params' | 'results'>): ImportEvent => ({
  type: 'import',
  ...inCall,
  atMs: ++id,
  id,
  module: 'main',
  namespace:
    event.from === 'host' ? 'app' : event.from === 'wasi' ? 'wasi_snapshot_preview1' : 'extism:host/env',
  ...event,
  durationMs: 0.5,
  allowed: true,
  entered: false,
});
const number = (name: string, value: number, type: 'i32' | 'i64' = 'i64') =>
  ({ name, type, kind: 'number', value }) as const;

/** A trace of one call, with an event of each kind. */
export const EVENTS: readonly TraceEvent[] = [
  {
    type: 'trace',
    plugin: 1,
    atMs: 0,
    version: 1,
    values: 'all',
    kernel: 'reference',
    isolation: 'inline',
    modules: [{ name: 'main', sha256: null }],
  },
  { type: 'call', ...inCall, atMs: 1, export: 'run', input: { bytes: 1, text: 'x' } },
  imported({ name: 'input_offset', from: 'kernel', params: [], results: [number('offset', 64)] }),
  imported({
    name: 'alloc',
    from: 'kernel',
    params: [number('length', 8)],
    results: [{ name: 'handle', type: 'i64', kind: 'handle', value: 80, bytes: 8 }],
  }),
  imported({
    name: 'store_u64',
    from: 'kernel',
    params: [number('address', 80), { name: 'value', type: 'i64', kind: 'word' }],
    results: [],
  }),
  imported({
    name: 'log_info',
    from: 'kernel',
    params: [{ name: 'handle', type: 'i64', kind: 'content', value: 80, bytes: 8, text: 'a message' }],
    results: [],
  }),
  imported({
    name: 'free',
    from: 'kernel',
    params: [{ name: 'handle', type: 'i64', kind: 'handle', value: 80, bytes: 8 }],
    results: [],
  }),
  imported({
    name: 'random_get',
    from: 'wasi',
    params: [{ name: 'buf', type: 'i32', kind: 'pointer', value: 16 }, number('buf_len', 4, 'i32')],
    results: [{ name: 'errno', type: 'i32', kind: 'errno', value: 0, text: 'ESUCCESS' }],
  }),
  imported({ name: 'notify', from: 'host', params: [], results: [] }),
  imported({
    name: 'output_set',
    from: 'kernel',
    params: [number('address', 64), number('length', 1)],
    results: [],
  }),
  {
    type: 'return',
    ...inCall,
    atMs: 20,
    export: 'run',
    durationMs: 19,
    output: { bytes: 1, text: 'x' },
    error: { code: 'NONZERO_RESULT', exitCode: 1, message: 'Returned non-zero exit code: 1' },
  },
  { type: 'cut', plugin: 1, atMs: 21, maxEvents: 12 },
];
