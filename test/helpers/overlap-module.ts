import { buildModule, op } from './build-module.ts';

const ENV = 'extism:host/env';
const pure = { results: ['i64'] } as const;

/** `echo` calls the host function `wait` and returns its input, `twice` calls it twice; `send` requests its input. */
export const OVERLAP_WASM = buildModule({
  imports: [
    { module: 'host', name: 'wait' },
    { module: ENV, name: 'input_offset', ...pure },
    { module: ENV, name: 'input_length', ...pure },
    { module: ENV, name: 'output_set', params: ['i64', 'i64'] },
    { module: ENV, name: 'http_request', params: ['i64', 'i64'], ...pure },
  ],
  functions: [
    { name: 'echo', body: [op.call, 0, op.call, 1, op.call, 2, op.call, 3] },
    { name: 'twice', body: [op.call, 0, op.call, 0] },
    { name: 'send', body: [op.call, 1, op.i64Const, 0, op.call, 4, op.drop] },
    { name: 'fine', body: [] },
  ],
});
