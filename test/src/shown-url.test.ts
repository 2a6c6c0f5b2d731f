import { hideSecrets, shownUrl } from '../../src/values/url.ts';
import { is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const shown: readonly [given: string, shown: string][] = [
  ['https://u:secret@a.test/x', 'https://a.test/x'],
  ['https://secret@a.test', 'https://a.test/'],
  ['https://a.test/@scope/x.wasm?key=secret#part', 'https://a.test/@scope/x.wasm?...#part'],
  ['nats://u:secret@a.test:4222', 'nats://a.test:4222'],
  ['nats2://u:secret@a.test', 'nats2://a.test'],
  ['nats://u:secret@a.test:99999', 'nats://a.test:99999'],
  ['nats://u:sec/r@et@a.test', 'nats://a.test'],
  ['https://a.test:99999/x?token=secret', 'https://a.test:99999/x?...'],
  ['/v1/x?token=secret', '/v1/x?...'],
  ['//u:secret@a.test/x', '//a.test/x'],
  ['nats://a.test', 'nats://a.test'],
  ['https://a.test', 'https://a.test'],
  ['a//b@c.wasm', 'a//b@c.wasm'],
  ['C:\\u@b.wasm', 'C:\\u@b.wasm'],
];

suite('URLs in messages', test => {
  for (const [given, expected] of shown)
    test(`${given} is shown as ${expected}`, () => is(shownUrl(given), expected));

  test('a text that quotes the URL, with its user or without, has the URL as it is shown', () => {
    const url = new URL('https://u:secret@a.test/x?key=secret');
    const text = 'no route to https://u:secret@a.test/x?key=secret, https://a.test/x?key=secret';
    is(hideSecrets(text, url), 'no route to https://a.test/x?..., https://a.test/x?...');
    is(hideSecrets('to http://u:secret@h/$&', new URL('http://u:secret@h/$&')), 'to http://h/$&');
  });
});
