import { createPlugin as create, type Plugin } from '../../src/node.ts';
import { suite, type Test } from './suite.ts';

export type TestMode = 'on this thread' | 'in a worker';

let current: TestMode = 'on this thread';
let made: Plugin[] = [];

/** The tested `createPlugin`; in a suite that runs in a worker, with `runInWorker`. */
export const createPlugin: typeof create = async (manifest, options) => {
  if (current === 'on this thread') return create(manifest, options);
  const plugin = await create(manifest, { runInWorker: true, workers: { keep: 1 }, ...options });
  made.push(plugin);
  return plugin;
};

/** Declares a suite that tests both modes itself: it runs once, on this thread. */
export const suiteOnThread = (name: string, define: (test: Test, mode: TestMode) => void): void =>
  suite(name, test => define(test, 'on this thread'));

/** Declares a suite twice: for this thread, and for a worker, in which plugins made by `createPlugin` of this file run. */
export function suiteInModes(name: string, define: (test: Test, mode: TestMode) => void): void {
  suiteOnThread(name, define);
  suiteInWorker(name, test => define(test, 'in a worker'));
}

export function suiteInWorker(name: string, define: (test: Test) => void): void {
  suite(`${name} in a worker`, test => {
    const wrapped = ((title, body) => test(title, inWorker(body))) as Test;
    wrapped.row = (ids, title, body) => test.row(ids, title, inWorker(body));
    wrapped.skip = test.skip;
    define(wrapped);
  });
}

const inWorker = (body: () => void | Promise<void>) => async () => {
  current = 'in a worker';
  try {
    await body();
  } finally {
    current = 'on this thread';
    const plugins = made;
    made = [];
    await Promise.all(plugins.map(plugin => plugin.close()));
  }
};
