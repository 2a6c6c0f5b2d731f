import { equal } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { addLines, addRun, type Lines } from './lines.ts';
import { checkFloors, printOpenLines } from './table.ts';

/** A script with one function, as V8 reports it: the ranges as `start, end, count`. */
const script = (...ranges: [startOffset: number, endOffset: number, count: number][]) => ({
  url: 'file:///sample.js',
  functions: ranges.map(([startOffset, endOffset, count]) => ({
    ranges: [{ startOffset, endOffset, count }],
  })),
});

const runs: { name: string; scripts: ReturnType<typeof script>[]; ran: string }[] = [
  { name: 'nothing of a script that was not loaded', scripts: [], ran: '000000' },
  {
    name: 'an inner range instead of the range around it',
    scripts: [script([0, 6, 1], [2, 4, 0])],
    ran: '110011',
  },
  {
    name: 'the innermost range, in any order',
    scripts: [script([3, 4, 5], [2, 5, 0], [0, 6, 1])],
    ran: '110101',
  },
  {
    name: 'the inner of two ranges that begin together',
    scripts: [script([0, 3, 0], [0, 6, 1])],
    ran: '000111',
  },
  {
    name: 'all that one of two threads ran',
    scripts: [script([0, 6, 1], [0, 3, 0]), script([0, 6, 1], [2, 6, 0])],
    ran: '110111',
  },
];

const lines = (files: Record<string, Record<number, boolean>>): Lines =>
  new Map(
    Object.entries(files).map(([file, ofFile]) => [
      file,
      new Map(Object.entries(ofFile).map(([line, hasRun]) => [Number(line), hasRun])),
    ]),
  );

suite('coverage', test => {
  for (const { name, scripts, ran } of runs) {
    test(`counts ${name}`, () => {
      const found = new Uint8Array(6);
      for (const each of scripts) addRun(found, each);
      equal(found.join(''), ran);
    });
  }

  test('a line ran if all its parts ran, in one of the files that it was built into', () => {
    const found: Lines = new Map();
    const byOffset = (map: readonly (number | undefined)[]) => (offset: number) => {
      const line = map[offset];
      return line === undefined ? undefined : { file: 'a.ts', line };
    };
    addLines(found, Uint8Array.of(1, 1, 0, 1, 0, 0), byOffset([1, undefined, 1, 2, 3, 4]));
    equal(found, lines({ 'a.ts': { 1: false, 2: true, 3: false, 4: false } }));
    addLines(found, Uint8Array.of(1, 0, 0), byOffset([3, 4, 2]));
    equal(found, lines({ 'a.ts': { 1: false, 2: true, 3: true, 4: false } }));
  });

  test('open lines are printed as ranges, the file with most of them last', () => {
    equal(
      printOpenLines(
        lines({
          'src/most.ts': { 9: false, 3: false, 4: false, 5: false, 7: true },
          'src/full.ts': { 1: true },
          'src/none.ts': { 1: false, 2: false },
        }),
      ),
      ['src/none.ts: 2 of 2 lines, no line ran', 'src/most.ts: 4 of 5 lines, open: 3-5, 9'],
    );
  });

  test('a room below its floor, without a floor, or without code is a problem', () => {
    const some = lines({
      'src/a.ts': { 1: true, 2: true, 3: false },
      'src/in/b.ts': { 1: true, 2: false },
      'new/c.ts': { 1: true },
    });
    const { table, problems } = checkFloors(some, [
      { room: 'src/', floor: 66.6, open: 'needs a browser' },
      { room: 'src/in/', floor: 50.1 },
      { room: 'old/', floor: 0 },
    ]);
    equal(table.slice(1), [' 66.6   66.6      3  src/: needs a browser', ' 50.1   50.0      2  src/in/']);
    equal(problems, [
      'new/ has no floor: add a row to test/coverage/floors.ts',
      'src/in/: 50.0 % of its lines ran, the floor is 50.1 %',
      'old/ has a floor, and no file with code',
    ]);
  });
});
