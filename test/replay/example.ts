import { buildModule } from '../helpers/build-module.ts';

/** A recording of an empty module, of which one call does nothing. */
export const RECORDING = {
  format: 'plugboard-recording',
  version: 1,
  record: 'all',
  isolation: 'inline',
  modules: [
    {
      name: 'main',
      sha256: null,
      wasm: { base64: btoa(String.fromCharCode(...buildModule({ functions: [{ name: 'run', body: [] }] }))) },
    },
  ],
  settings: {
    config: [],
    vars: [],
    functions: [],
    folders: [],
    http: false,
    maxKernelBytes: null,
    maxGrowthPages: null,
    maxVarBytes: 1024,
    exposesHttpHeaders: false,
    useWasi: true,
    logLevel: 'silent',
    strict: false,
    limits: {},
  },
  untellable: [],
  calls: [null, 'run'].map(name => ({
    export: name,
    input: { text: '' },
    vars: null,
    logLevel: 'silent',
    entries: [],
    lines: [],
    output: null,
    error: null,
    varsAfter: [],
    memory: null,
  })),
};

export const RECORDED: string = JSON.stringify(RECORDING);

/** Returns a recording with another value at each of these places, such as `calls[1].input`; undefined removes it. */
export function changed(recording: string, places: Readonly<Record<string, unknown>>): string {
  const data = JSON.parse(recording) as Record<string, unknown>;
  for (const [place, value] of Object.entries(places)) {
    const keys = place.split(/[.[\]]+/).filter(key => key !== '');
    const last = keys.pop()!;
    const holder = keys.reduce((object, key) => object[key] as Record<string, unknown>, data);
    if (value === undefined) delete holder[last];
    else holder[last] = value;
  }
  return JSON.stringify(data);
}

export const wasmOf = (bytes: Uint8Array) => ({ base64: btoa(String.fromCharCode(...bytes)) });
const WASI = 'wasi_snapshot_preview1';

/** A module that asks for the time, random bytes, a host function and a file. */
const ASKS = wasmOf(
  buildModule({
    imports: [
      { module: WASI, name: 'clock_time_get', params: ['i32', 'i64', 'i32'], results: ['i32'] },
      { module: WASI, name: 'random_get', params: ['i32', 'i32'], results: ['i32'] },
      { module: WASI, name: 'fd_filestat_get', params: ['i32', 'i32'], results: ['i32'] },
      { module: 'host', name: 'give', params: ['i64'], results: ['i64'] },
    ],
    memoryPages: 1,
    functions: [
      { name: 'time', body: ['i32.const 0', 'i64.const 0', 'i32.const 8', 'call clock_time_get', 'drop'] },
      { name: 'random', body: ['i32.const 0', 'i32.const 8', 'call random_get', 'drop'] },
      { name: 'stat', body: ['i32.const 3', 'i32.const 64', 'call fd_filestat_get', 'drop'] },
      { name: 'give', body: ['i64.const 5', 'call give', 'drop'] },
    ],
  }),
);
export const asks = (name: string, ...entries: unknown[]) =>
  changed(RECORDED, {
    'modules[0].wasm': ASKS,
    'settings.functions': [{ namespace: 'host', name: 'give' }],
    'settings.folders': [{ path: '/', readOnly: false }],
    'calls[1].export': name,
    'calls[1].entries': entries,
  });

export const i64 = (value: number | bigint) => ({ i64: String(value) });
export const host = (more: object) => ({
  kind: 'host',
  name: 'host.give',
  args: [i64(5)],
  operations: [],
  ...more,
});
export const file = (result: unknown) => ({ kind: 'file', object: 0, call: 'stat', args: [], result });
export const stat = {
  filetype: 3,
  dev: i64(1),
  ino: i64(1),
  nlink: i64(1),
  sizeBytes: i64(0),
  atimNs: i64(0),
  mtimNs: i64(0),
  ctimNs: i64(0),
};
