import { buildModule } from '../helpers/build-module.ts';

const ENV = 'extism:host/env';
const USER = 'extism:host/user';
const IMPORTS = [
  { module: ENV, name: 'alloc', params: ['i64'], results: ['i64'] },
  { module: ENV, name: 'store_u8', params: ['i64', 'i32'] },
  { module: ENV, name: 'output_set', params: ['i64', 'i64'] },
  { module: ENV, name: 'input_offset', results: ['i64'] },
  { module: USER, name: '__send_output', params: ['i64'] },
] as const;
const [ALLOC, STORE, OUTPUT_SET, INPUT_OFFSET, SEND_OUTPUT] = [0, 1, 2, 3, 4] as const;

export const METADATA = '{"component":"X"}';
export const RESULT = '{"outputs":{}}';

const i64 = (value: number) => [`i64.const ${value}`];

/** Code that an export may run first. Every other name is a function `() -> ()` of `extism:host/user`. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  trap: ['unreachable'],
  loop: ['loop', 'br 0', 'end'],
  /** Sends the input of the call as a packet. */
  echo: [`call ${INPUT_OFFSET}`, `call ${SEND_OUTPUT}`],
};

/** Builds a plugin whose exports ignore their input, run their `steps`, and output their text of `answers` in UTF-8. */
export function answering(
  answers: Readonly<Record<string, string>>,
  steps: Readonly<Record<string, readonly string[]>> = {},
): Uint8Array<ArrayBuffer> {
  const own = [...new Set(Object.values(steps).flat())].filter(name => !Object.hasOwn(STEPS, name));
  const imports = [...IMPORTS, ...own.map(name => ({ module: USER, name }))];
  const step = (name: string) => STEPS[name] ?? [`call ${IMPORTS.length + own.indexOf(name)}`];
  const functions = Object.entries(answers).flatMap(([name, answer], index) => {
    const bytes = [...new TextEncoder().encode(answer)];
    const handle = ['local.get 0'];
    const stores = bytes.flatMap((byte, at) => [
      ...[...handle, ...i64(at), 'i64.add'],
      ...[`i32.const ${byte}`, `call ${STORE}`],
    ]);
    const give = [...handle, ...i64(bytes.length), `call ${OUTPUT_SET}`];
    const write = imports.length + 2 * index + 1;
    const first = (steps[name] ?? []).flatMap(step);
    return [
      { name, body: [...first, ...i64(bytes.length), `call ${ALLOC}`, `call ${write}`] },
      { name: `write ${name}`, params: ['i64'] as const, body: [...stores, ...give] },
    ];
  });
  return buildModule({ imports, functions });
}

/** Metadata with these inports; a name that ends in `!` is required. */
export const metadataOf = (ports: readonly string[], configSchema: unknown = null): string =>
  JSON.stringify({
    component: 'X',
    inports: ports.map(port => ({ name: port.replace('!', ''), required: port.endsWith('!') })),
    config_schema: configSchema,
  });
