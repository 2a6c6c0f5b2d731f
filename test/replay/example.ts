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
