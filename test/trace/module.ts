import { buildModule } from '../helpers/build-module.ts';

const ENV = 'extism:host/env';
const WASI = 'wasi_snapshot_preview1';
const i32 = { results: ['i32'] } as const;
const i64 = { results: ['i64'] } as const;
const one = { params: ['i64'] } as const;
const two = { params: ['i64', 'i64'] } as const;

const IMPORTS = [
  { module: ENV, name: 'input_offset', ...i64 },
  { module: ENV, name: 'input_length', ...i64 },
  { module: ENV, name: 'alloc', ...one, ...i64 },
  { module: ENV, name: 'free', ...one },
  { module: ENV, name: 'store_u64', ...two },
  { module: ENV, name: 'load_u8', ...one, ...i32 },
  { module: ENV, name: 'config_get', ...one, ...i64 },
  { module: ENV, name: 'var_get', ...one, ...i64 },
  { module: ENV, name: 'var_set', ...two },
  { module: ENV, name: 'log_info', ...one },
  { module: ENV, name: 'error_set', ...one },
  { module: ENV, name: 'output_set', ...two },
  { module: ENV, name: 'http_request', ...two, ...i64 },
  { module: ENV, name: 'http_headers', ...i64 },
  { module: 'host', name: 'shout', ...one, ...i64 },
  { module: 'host', name: 'add', params: ['i32', 'i32'], ...i32 },
  { module: 'host', name: 'secret', ...one },
  { module: WASI, name: 'fd_write', params: ['i32', 'i32', 'i32', 'i32'], ...i32 },
  { module: WASI, name: 'clock_time_get', params: ['i32', 'i64', 'i32'], ...i32 },
  { module: WASI, name: 'random_get', params: ['i32', 'i32'], ...i32 },
  {
    module: WASI,
    name: 'path_open',
    params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i64', 'i64', 'i32', 'i32'],
    ...i32,
  },
] as const;

const input = 'call input_offset';
/** The bytes "hi" at 16, and at 0 the list of pieces that names them. */
const HI = [
  ...['i32.const 16', 'i32.const 26984', 'i32.store'],
  ...['i32.const 0', 'i32.const 16', 'i32.store', 'i32.const 4', 'i32.const 2', 'i32.store'],
];

/** A plugin with an export for each kind of import. `withHttp` adds the imports for which a plugin may have to wait. */
export const traced = (withHttp: boolean): Uint8Array<ArrayBuffer> => {
  const functions = [
    { name: 'config', body: [input, 'call config_get', 'drop'] },
    { name: 'tell', body: [input, 'call config_get', 'call log_info'] },
    { name: 'log', body: [input, 'call log_info'] },
    { name: 'vars', body: [input, input, 'call var_set', input, 'call var_get', 'drop'] },
    {
      name: 'word',
      body: ['i64.const 8', 'call alloc', 'i64.const 7', 'call store_u64', input, 'call load_u8', 'drop'],
    },
    { name: 'large', body: ['i64.const 1000000', 'call alloc', 'drop'] },
    { name: 'free', body: [input, 'call free', input, 'call free'] },
    { name: 'echo', body: [input, 'call input_length', 'call output_set'] },
    { name: 'fail', body: [input, 'call error_set', 'i32.const 1'], ...i32 },
    { name: 'shout', body: [input, 'call shout', 'drop'] },
    { name: 'add', body: ['i32.const 3', 'i32.const -4', 'call add', 'drop'] },
    { name: 'secretly', body: [input, 'call secret', input, 'call log_info'] },
    {
      name: 'write',
      body: [...HI, 'i32.const 1', 'i32.const 0', 'i32.const 1', 'i32.const 8', 'call fd_write', 'drop'],
    },
    { name: 'time', body: ['i32.const 1', 'i64.const 0', 'i32.const 8', 'call clock_time_get', 'drop'] },
    { name: 'random', body: ['i32.const 32', 'i32.const 4', 'call random_get', 'drop'] },
    {
      name: 'open',
      body: [
        ...HI,
        ...['i32.const 3', 'i32.const 0', 'i32.const 16', 'i32.const 2', 'i32.const 1'],
        ...['i64.const 64', 'i64.const 0', 'i32.const 0', 'i32.const 8', 'call path_open', 'drop'],
      ],
    },
    { name: 'loop', body: [input, 'call log_info', 'loop', 'br 0', 'end'] },
    ...(withHttp
      ? [
          {
            name: 'http',
            body: [input, 'i64.const 0', 'call http_request', 'drop', 'call http_headers', 'drop'],
          },
        ]
      : []),
  ];
  const imports = IMPORTS.filter(({ name }) => withHttp || !name.startsWith('http_'));
  return buildModule({ imports, memoryPages: 1, functions });
};
