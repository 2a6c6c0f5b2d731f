import { equal } from '../helpers/assert.ts';
import { readJson } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { DID, didAll } from './did.ts';

suite('plugins of docs/AUDIT.md', test => {
  test('they do in their cases as the page says', async () =>
    equal(await didAll(), readJson(DID), 'run `npm run docs`'));
});
