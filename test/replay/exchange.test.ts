import { equal } from '../helpers/assert.ts';
import { readJson } from '../helpers/host.ts';
import { suiteOnThread } from '../helpers/modes.ts';
import { type Exchanged, MODULES, RECORDED_ON, recordHere, replayHere } from './exchange.ts';

suiteOnThread('recordings of other runtimes', test => {
  for (const id of RECORDED_ON) {
    test(`those of ${id} replay here to the same outcome`, async () =>
      equal(await replayHere(readJson(`test/replay/recordings/${id}.json`) as Exchanged, MODULES()), []));
  }

  test('those of this runtime replay here', async () =>
    equal(await replayHere(await recordHere('here', MODULES()), MODULES()), []));
});
