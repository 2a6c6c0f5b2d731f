import './defer.ts';
import { suite as uvuSuite } from 'uvu';

type Body = () => void | Promise<void>;

export interface Test {
  (name: string, body: Body): void;
  /** A test that proves the spec-table row `rowId` (such as `env.alloc`); the row's documentation names it. */
  row(rowId: string | readonly string[], name: string, body: Body): void;
  /** A test that this runtime cannot run. The reason is printed at the end of the run. */
  skip(name: string, reason: string): void;
}

export interface Skip {
  suite: string;
  name: string;
  reason: string;
}

/** Row id → names of the suites that prove it. Filled while the suites load, before any test runs. */
export const rowSuites = new Map<string, Set<string>>();
export const skips: Skip[] = [];

/** Declares a suite and queues it. Unlike uvu's own, it cannot be declared and then forgotten. */
export function suite(name: string, define: (test: Test) => void): void {
  const uvu = uvuSuite(name);
  const seen = new Set<string>();
  const add = (title: string, body: Body) => {
    if (seen.has(title)) throw new Error(`suite "${name}" has two tests named "${title}"`);
    seen.add(title);
    uvu(title, body);
  };
  const test = add as Test;
  test.row = (rowId, title, body) => {
    for (const id of [rowId].flat()) {
      const suites = rowSuites.get(id) ?? new Set();
      rowSuites.set(id, suites.add(name));
    }
    add(`${[rowId].flat().join(', ')}: ${title}`, body);
  };
  test.skip = (title, reason) => skips.push({ suite: name, name: title, reason });
  define(test);
  uvu.run();
}
