import { buildModule } from './build-module.ts';

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
    { name: 'echo', body: ['call 0', 'call 1', 'call 2', 'call 3'] },
    { name: 'twice', body: ['call 0', 'call 0'] },
    { name: 'send', body: ['call 1', 'i64.const 0', 'call 4', 'drop'] },
    { name: 'fine', body: [] },
  ],
});
