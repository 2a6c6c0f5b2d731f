import { equal, is, ok, throws } from './helpers/assert.ts';
import { host } from './helpers/host.ts';
import { suite } from './helpers/suite.ts';
import { findStaleRows, readBlocks, readPages, useOf } from './package/pages.ts';
import { TOOLCHAINS } from './package/toolchains.ts';

const fence = '`'.repeat(3);
const block = (info: string, code: string) => `${fence}${info}\n${code}\n${fence}\n`;
const page = `# Sample

${block('sh', 'npm i plugboard')}
## First

File \`a.mjs\`:

${block('js', 'console.log(1); // 1')}
${block('sh', 'node a.mjs')}
${block('text', '1')}
## Second

${block('js worker', 'export default {};')}`;

suite('pages', test => {
  test('a block has its chapter, the file above it and the output below it', () => {
    equal(
      readBlocks(page).map(({ chapter, info, file, prints }) => [chapter, info, file, prints]),
      [
        ['', 'sh', undefined, undefined],
        ['First', 'js', 'a.mjs', undefined],
        ['First', 'sh', undefined, '1\n'],
        ['Second', 'js worker', undefined, undefined],
      ],
    );
  });

  test('code that would not run, and has no reason, is an error', () => {
    const [install, file, run, worker] = readBlocks(page);
    equal(
      [install, file, run].map(one => useOf('docs/SAMPLE.md', one!).use),
      ['shell', 'file', 'shell'],
    );
    throws(
      () => useOf('docs/SAMPLE.md', worker!),
      /a block marked "js worker" neither runs nor has a reason/,
    );
  });

  test('each block of each page runs, or has a reason', () => {
    const pages = readPages(host().path('.'));
    is(findStaleRows(pages).join('\n'), '');
    let running = 0;
    for (const { path, text } of pages) {
      for (const one of readBlocks(text)) {
        if (!Object.hasOwn(TOOLCHAINS, `${path}#${one.chapter}`) && useOf(path, one).use !== 'shown')
          running++;
      }
    }
    ok(running > 30, `${running} blocks`);
  });
});
