import { buildModule } from '../helpers/build-module.ts';

export const [STDOUT, STDERR] = [1, 2];

/** A text for a stream of a plugin. */
export type Print = readonly [fd: number, text: string];

const [VECTOR, COUNT, TEXT] = [0, 8, 16];
const store = (at: number, value: number, as = 'i32.store') => [
  `i32.const ${at}`,
  `i32.const ${value}`,
  `${as} 0`,
];

/** Builds a plugin whose exports print texts by WASI, and then run the rest of their code. */
export const printing = (
  exports: Readonly<Record<string, { prints: readonly Print[]; ends?: readonly string[] }>>,
): Uint8Array<ArrayBuffer> =>
  buildModule({
    imports: [
      {
        module: 'wasi_snapshot_preview1',
        name: 'fd_write',
        params: ['i32', 'i32', 'i32', 'i32'],
        results: ['i32'],
      },
      { module: 'wasi_snapshot_preview1', name: 'proc_exit', params: ['i32'] },
    ],
    memoryPages: 1,
    functions: Object.entries(exports).map(([name, { prints, ends = [] }]) => ({
      name,
      body: [...prints.flatMap(print), ...ends],
    })),
  });

function print([fd, text]: Print): string[] {
  const bytes = [...new TextEncoder().encode(text)];
  return [
    ...bytes.flatMap((byte, at) => store(TEXT + at, byte, 'i32.store8')),
    ...store(VECTOR, TEXT),
    ...store(VECTOR + 4, bytes.length),
    ...[`i32.const ${fd}`, `i32.const ${VECTOR}`, 'i32.const 1', `i32.const ${COUNT}`],
    ...['call fd_write', 'drop'],
  ];
}
