import { is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { RECORDED } from './example.ts';

const CODE = `
const { parentPort, workerData } = require('node:worker_threads');
import(workerData.module)
  .then(({ replay }) => replay(workerData.recording))
  .then(({ isSame }) => parentPort.postMessage(isSame));`;

suite('replay in a thread', test => {
  test('a worker that calls replay gets the report', async () => {
    const { Worker } = await import('node:worker_threads');
    const module = new URL('../../src/audit/node.js', import.meta.url).href;
    const worker = new Worker(CODE, { eval: true, workerData: { module, recording: RECORDED } });
    const isSame = await new Promise<unknown>((resolve, reject) => {
      worker.on('message', resolve);
      worker.on('error', reject);
    });
    await worker.terminate();
    is(isSame, true);
  });
});
