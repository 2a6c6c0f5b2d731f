/** Rows of docs/ABI.md that no case proves, each with the reason. */
const GROUPS: readonly (readonly [reason: string, rows: string])[] = [
  [
    'about the memory of the host, which no plugin sees',
    'alloc-fresh alloc-untouched alloc-last alloc-reuse-time length-end range-record text-length',
  ],
  [
    'about the interface of a host in its own language',
    'input-set-zero output-copy var-preset call-overlap call-active plugin-reset plugin-closed instance-closed after-start-vars manifest-options',
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

export const WITHOUT_CASE: ReadonlyMap<string, string> = new Map(
  GROUPS.flatMap(([reason, rows]) => rows.split(' ').map(row => [`abi.${row}`, reason] as const)),
);
