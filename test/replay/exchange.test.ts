import { equal } from '../helpers/assert.ts';
import { readJson } from '../helpers/host.ts';
import { suiteInModes } from '../helpers/modes.ts';
import { type Exchanged, MODULES, RECORDED_ON, recordHere, replayHere } from './exchange.ts';

suiteInModes('recordings of other runtimes', (test, mode) => {
  const replays = (exchanged: Exchanged) => replayHere(exchanged, MODULES(), mode === 'in a worker');

  for (const id of RECORDED_ON) {
    test(`those of ${id} replay here to the same outcome`, async () =>
      equal(await replays(readJson(`test/replay/recordings/${id}.json`) as Exchanged), []));
  }

  test('those of this runtime replay here', async () =>
    equal(await replays(await recordHere('here', MODULES())), []));
});
