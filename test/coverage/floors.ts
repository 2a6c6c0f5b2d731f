/** A folder of sources and the least share of its lines that the suites must run, in percent. */
export interface Floor {
  /** Path of the folder, without its inner folders. */
  room: string;
  floor: number;
  /** The reason for most lines that no suite on Node runs. */
  open?: string;
}

/**
 * The rooms of the three wings. A floor is about half a percent below the measured share, because which thread is faster
 * decides over some lines. Raise it when the share has risen.
 */
export const FLOORS: readonly Floor[] = [
  { room: 'abi/', floor: 94.9, open: 'options.ts is a copy of wasi/options.ts, and abi/ uses half of it' },
  { room: 'wasi/', floor: 98.5 },
  { room: 'wasi/spec/', floor: 100 },
  { room: 'wasi/provided/', floor: 96.8, open: 'threads that may not wait, such as that of a page' },
  { room: 'wasi/files/', floor: 96.2 },
  { room: 'wasi/functions/', floor: 97.5 },
  { room: 'wasi/preview2/', floor: 55, open: 'npm run test:preview2 runs it, over the real shim' },
  { room: 'src/', floor: 95, open: 'web.ts: bundles for browsers and workerd import it' },
  { room: 'src/create/', floor: 96 },
  { room: 'src/given/', floor: 98.5 },
  {
    room: 'src/module/',
    floor: 92.5,
    open: 'platforms that compile while bytes arrive, or have no files or no SHA-256',
  },
  { room: 'src/host/', floor: 96 },
  { room: 'src/link/', floor: 96.3, open: 'platforms that compile no bytes' },
  { room: 'src/run/', floor: 96.8 },
  {
    room: 'src/run/worker/',
    floor: 94,
    open: 'metering in a worker, for runtimes that cannot end a busy one',
  },
  { room: 'src/inspect/', floor: 95.9 },
  { room: 'src/audit/', floor: 96 },
  { room: 'src/trace/', floor: 93 },
  { room: 'src/replay/', floor: 90 },
  { room: 'src/values/', floor: 96 },
  { room: 'src/wasm/', floor: 97.3 },
  { room: 'src/engine/', floor: 90.5, open: 'engines that cannot suspend plugins' },
  {
    room: 'src/platform/',
    floor: 86.3,
    open: 'the web platform and its workers: browsers and workerd run them',
  },
  { room: 'src/network/', floor: 95.7 },
  { room: 'src/network/durable-object/', floor: 95 },
  { room: 'src/worker-loader/', floor: 90 },
  { room: 'src/network/engine/', floor: 97 },
  { room: 'src/network/graph/', floor: 95.1, open: 'types of ports, which commands read in `npm test`' },
  {
    room: 'src/network/journal/',
    floor: 92,
    open: 'an owner that lost the journal while it wrote, and failing disks',
  },
  { room: 'src/network/log/', floor: 96 },
  { room: 'src/network/nats/', floor: 93 },
  { room: 'src/network/plan/', floor: 97 },
  { room: 'src/page/', floor: 40, open: 'the script of the page, which runs in browsers' },
  { room: 'src/page/plugin/', floor: 53, open: 'the script of the page, which runs in browsers' },
  { room: 'src/msgpack/', floor: 98 },
  { room: 'src/pool/', floor: 97 },
  { room: 'src/types/', floor: 97 },
  { room: 'src/build/', floor: 93, open: 'elsewhere.ts stands where no build tool runs' },
  { room: 'src/conformance/', floor: 80, open: 'other hosts: npm run test:conformance' },
  {
    room: 'src/cli/',
    floor: 86.8,
    open: 'networks on NATS: npm run test:nats; `plugboard call` and wrong use: `npm test`, where they are not measured',
  },
  { room: 'src/cli/conformance/', floor: 60, open: 'other hosts: npm run test:conformance' },
  { room: 'src/actor/', floor: 98 },
  { room: 'src/actor/json/', floor: 97.4 },
  { room: 'src/actor/message/', floor: 98.2 },
  { room: 'src/actor/config/', floor: 99.5 },
  { room: 'src/actor/state/', floor: 98.8 },
  { room: 'src/actor/engine/', floor: 98.4 },
];
