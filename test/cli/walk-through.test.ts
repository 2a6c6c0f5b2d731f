import { is } from '../helpers/assert.ts';
import { readText } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { printedIn, WALK_THROUGH, walkThrough } from './walk-through.ts';

suite('the walk-through of docs/AUDIT.md', test => {
  test('each step ends as the page says', async () => {
    is(await walkThrough(), printedIn(readText(WALK_THROUGH)), 'run `npm run docs`');
  });
});
