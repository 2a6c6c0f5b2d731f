import type { CapabilityId } from '../../src/audit/index.ts';
import { traceFixture } from './fixture-traces.ts';

// The traces of the ten plugins of docs/AUDIT.md, in numbers. `npm run docs` writes it, and a test runs the cases again.

/** The file that the page reads. */
export const DID = 'test/audit/did.json';

/** The plugins of the page, built with the PDKs of six languages. */
export const PLUGINS: readonly { folder: string; pdk: string }[] = [
  { folder: 'rust-pdk', pdk: 'extism-pdk for Rust' },
  { folder: 'rust-http', pdk: 'extism-pdk for Rust' },
  { folder: 'rust-counter', pdk: 'Reflow SDK for Rust' },
  { folder: 'go-pdk', pdk: 'go-pdk, standard Go' },
  { folder: 'go-counter', pdk: 'Reflow SDK for Go, standard Go' },
  { folder: 'tinygo-counter', pdk: 'Reflow SDK for Go, TinyGo' },
  { folder: 'c-pdk', pdk: 'c-pdk' },
  { folder: 'cpp', pdk: 'cpp-pdk' },
  { folder: 'zig', pdk: 'zig-pdk' },
  { folder: 'assemblyscript', pdk: 'assemblyscript-pdk' },
];

/** Sleeps of the runtime of Go depend on the time, and so does the number of its calls of the host. */
export const NOT_TOLD: readonly CapabilityId[] = ['sleep'];

export interface Did {
  calls: number;
  failed: number;
  /** Ids of the powers that were used, and the findings, each list as one text. */
  powers: string;
  findings: string;
}

export async function didAll(): Promise<Record<string, Did>> {
  const all: Record<string, Did> = {};
  for (const { folder } of PLUGINS) {
    const { summary, findings } = await traceFixture(folder);
    const { calls, failed, powers } = summary;
    all[folder] = {
      calls,
      failed,
      powers: powers.flatMap(({ id }) => (NOT_TOLD.includes(id) ? [] : id)).join(', '),
      findings: findings.map(({ rule, times }) => `${rule} × ${times}`).join(', '),
    };
  }
  return all;
}
