import './defer.ts';
import { suite as uvuSuite } from 'uvu';
import { host } from './host.ts';

type Body = () => void | Promise<void>;

export interface Test {
  (name: string, body: Body): void;
  /** A test that proves the spec-table row `rowId` (such as `env.alloc`); the row's documentation names it. */
  row(rowId: string | readonly string[], name: string, body: Body): void;
  /** A test that this runtime cannot run. The reason is printed at the end of the run. */
  skip(name: string, reason: string): void;
}

export interface TestRecord {
  /** Index, among the files of the run, of the file that declared the test. */
  fileIndex: number;
  suite: string;
  name: string;
  /** `failed` until the test has passed, so a test that never ran does not count as passed. */
  outcome: 'passed' | 'failed' | 'skipped';
  /** Time that the test took. Left out if it did not run. */
  ms?: number;
  /** The reason for a skip. */
  reason?: string;
}

/** Row id → names of the suites that prove it. Filled while the suites load, before any test runs. */
export const rowSuites = new Map<string, Set<string>>();
/** Every test declared, in order. */
export const tests: TestRecord[] = [];

/** Adds the causes of an error to its message, since uvu prints none. They are often the engine's own errors. */
function withCauses(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause !== error) (error as Error).message += `\n  cause: ${cause}`;
  return error;
}

/**
 * Declares a suite and queues it. A suite of uvu must also be run by hand, which can be forgotten.
 * @param lacking the reason why the suite cannot run here; null if it can
 */
export function suite(name: string, define: (test: Test) => void, lacking: string | null = null): void {
  const uvu = uvuSuite(name);
  const seen = new Set<string>();
  let isEmpty = true;
  const record = (title: string): TestRecord => {
    if (seen.has(title)) throw new Error(`suite "${name}" has two tests named "${title}"`);
    seen.add(title);
    const made: TestRecord = { fileIndex: globalThis.UVU_INDEX, suite: name, name: title, outcome: 'failed' };
    tests.push(made);
    return made;
  };
  const add = (title: string, body: Body) => {
    const reason = lacking ?? host().cannot?.(name, title);
    if (reason !== undefined) return test.skip(title, reason);
    isEmpty = false;
    const made = record(title);
    uvu(title, async () => {
      const startMs = performance.now();
      try {
        await body();
        made.outcome = 'passed';
      } catch (error) {
        throw withCauses(error);
      } finally {
        made.ms = performance.now() - startMs;
      }
    });
  };
  const test = add as Test;
  test.row = (rowId, title, body) => {
    const ids = [rowId].flat();
    for (const id of ids) {
      const suites = rowSuites.get(id) ?? new Set();
      rowSuites.set(id, suites.add(name));
    }
    add(ids.length > 0 ? `${ids.join(', ')}: ${title}` : title, body);
  };
  test.skip = (title, reason) => {
    Object.assign(record(title), { outcome: 'skipped', reason });
  };
  define(test);
  // A suite with only skipped tests has nothing to run. A suite without any test is run, so that it is reported.
  if (!isEmpty || seen.size === 0) uvu.run();
}
