import { ENV_NAMESPACE, envSignatures } from '../../abi/index.ts';
import { lazily } from '../../abi/lazily.ts';
import { WASI_MODULE, wasiSignatures } from '../../wasi/index.ts';
import { OTHER_WASI, type OtherWasi } from '../../wasi/other-versions.ts';
import type { FunctionType } from '../wasm/reader.ts';

export interface Provided {
  abi: 'kernel' | 'wasi';
  type: FunctionType;
}

/** Functions that the host provides to every plugin, by namespace and name. */
const provided = lazily(
  () =>
    new Map<string, ReadonlyMap<string, Provided>>([
      [
        ENV_NAMESPACE,
        new Map(
          Object.entries(envSignatures).map(([name, [params, results]]) => [
            name,
            { abi: 'kernel', type: { params, results } },
          ]),
        ),
      ],
      [
        WASI_MODULE,
        new Map(
          wasiSignatures.map(({ name, params, results }) => {
            return [name, { abi: 'wasi', type: { params: params.map(([, type]) => type), results } }];
          }),
        ),
      ],
    ]),
);

export const findProvided = (namespace: string, name: string): Provided | undefined =>
  provided().get(namespace)?.get(name);

/** An import that can only be a mistake, unless the user provides a host function for it. */
export type KnownMistake = OtherWasi;

const WASM_BINDGEN = 'built with wasm-bindgen, for a JavaScript page; build without it, with an Extism PDK';

export const MISTAKES: readonly KnownMistake[] = [
  {
    code: 'UNKNOWN_KERNEL_FUNCTION',
    namespace: /^extism:host\/env$/,
    hint: 'no such function in the Extism kernel ABI; was the plugin built with a newer PDK?',
  },
  {
    code: 'UNKNOWN_WASI_FUNCTION',
    namespace: /^wasi_snapshot_preview1$/,
    hint: 'no such function in WASI preview 1',
  },
  ...OTHER_WASI,
  {
    code: 'OLD_PDK',
    namespace: /^env$/,
    name: /^extism_/,
    hint: 'built with a pre-1.0 PDK; rebuild with a current one',
  },
  { code: 'WASM_BINDGEN', namespace: /^wbg$|^__wbindgen_|_bg\.js$/, hint: WASM_BINDGEN },
  {
    code: 'GO_FOR_JS',
    namespace: /^(go|gojs)$/,
    hint: 'built for a JavaScript page (GOOS=js, or -target=wasm of TinyGo); build with GOOS=wasip1 and -buildmode=c-shared',
  },
];

export const findMistake = (namespace: string, name: string): KnownMistake | undefined =>
  MISTAKES.find(row => row.namespace.test(namespace) && (row.name?.test(name) ?? true));

/** Advice for an import that nothing provides. */
export function howToGive(namespace: string, name: string): string {
  const option = `functions[${JSON.stringify(namespace)}].${name}`;
  if (namespace !== 'env') return `give it as the option ${option}`;
  return name === 'abort'
    ? `AssemblyScript's; compile with --use abort=FILE/FUNCTION, or give ${option}`
    : `left undefined when the plugin was linked; define it there, or give ${option}`;
}

export const whyNotProvided = (kind: string): string =>
  `a ${kind}, and the host provides functions only; define it in the plugin`;
