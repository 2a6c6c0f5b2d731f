/** Rows of docs/ABI.md that no case proves, each with the reason. */
const OF_ABI: readonly (readonly [reason: string, rows: string])[] = [
  [
    'about the memory of the host, which no plugin sees',
    'alloc-fresh alloc-untouched alloc-last alloc-reuse-time length-end range-record text-length',
  ],
  [
    'about the interface of a host in its own language',
    'input-set-zero output-copy var-preset call-overlap call-active fresh-grown plugin-reset plugin-closed instance-closed after-start-vars manifest-options',
  ],
  [
    'about manifests that the schema of cases refuses, or values that only one host takes',
    'manifest-unknown manifest-camel manifest-null manifest-maxpages manifest-zero manifest-time-zero manifest-data manifest-url',
  ],
  [
    'about the HTTP client below the host; suites with a server of their own ask it',
    'http-port http-header-fixed http-header-text http-cookies http-repeated http-response-text http-gzip http-coding',
  ],
  [
    'needs a module of its own, which a suite builds from a listing',
    'start-ctors start-both start-haskell start-command-reactor start-params start-error start-type start-section-wasi start-trap link-command link-cycle link-start link-type link-wasi-memory',
  ],
];

/** Rows of docs/ACTORS.md, by number. */
const OF_UPSTREAM: typeof OF_ABI = [
  ['about when a host compiles a module and makes an instance, which no packet shows', '3'],
  ['about limits, which each host chooses', '5 25'],
  ['about ports, queues and the life of actors, which the packets of one actor do not show', '13 15 20 23'],
  ['about texts and events for people', '16 18 19'],
  ['about values that the JSON of a case cannot spell', '21 22'],
];

const rowsOf = (prefix: string, groups: typeof OF_ABI) =>
  groups.flatMap(([reason, rows]) => rows.split(' ').map(row => [`${prefix}.${row}`, reason] as const));

/** Row → why no case proves it. */
export const WITHOUT_CASE: ReadonlyMap<string, string> = new Map([
  ...rowsOf('abi', OF_ABI),
  ...rowsOf('upstream', OF_UPSTREAM),
]);
