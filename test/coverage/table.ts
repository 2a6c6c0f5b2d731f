import type { Floor } from './floors.ts';
import type { Lines } from './lines.ts';

const FOLDER = /^.*\//;

interface Share {
  lines: number;
  ran: number;
}

/** The share in percent, rounded down, so that only a full share is 100.0. */
const percent = ({ lines, ran }: Share): number => Math.floor((ran / lines) * 1000) / 10;

function shareOf(files: readonly ReadonlyMap<number, boolean>[]): Share {
  const all = files.flatMap(file => [...file.values()]);
  return { lines: all.length, ran: all.filter(Boolean).length };
}

/** One line for each file with open lines, the most open lines last. */
export const printOpenLines = (lines: Lines): string[] =>
  [...lines]
    .map(([file, ofFile]) => ({ file, size: ofFile.size, open: openLines(ofFile) }))
    .filter(({ open }) => open.length > 0)
    .sort((a, b) => a.open.length - b.open.length)
    .map(({ file, size, open }) => {
      const where = open.length === size ? 'no line ran' : `open: ${ranges(open).join(', ')}`;
      return `${file}: ${open.length} of ${size} lines, ${where}`;
    });

const openLines = (file: ReadonlyMap<number, boolean>): number[] =>
  [...file].flatMap(([line, hasRun]) => (hasRun ? [] : line)).sort((a, b) => a - b);

/** Joins neighbours: 3, 4, 5 → `3-5`. */
function ranges(numbers: readonly number[]): string[] {
  const found: [first: number, last: number][] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else found.push([number, number]);
  }
  return found.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
}

/** The table of rooms, and one problem for each room below its floor, without a floor, or without a file. */
export function checkFloors(lines: Lines, floors: readonly Floor[]): { table: string[]; problems: string[] } {
  const rooms = new Map<string, ReadonlyMap<number, boolean>[]>();
  for (const [file, ofFile] of lines) {
    const room = FOLDER.exec(file)![0];
    rooms.set(room, [...(rooms.get(room) ?? []), ofFile]);
  }
  const problems = [...rooms.keys()]
    .filter(room => !floors.some(row => row.room === room))
    .map(room => `${room} has no floor: add a row to test/coverage/floors.ts`);
  const table = ['floor   ran   lines  room'];
  for (const { room, floor, open } of floors) {
    const files = rooms.get(room);
    if (!files) {
      problems.push(`${room} has a floor, and no file with code`);
      continue;
    }
    const share = shareOf(files);
    const cells = [floor.toFixed(1), percent(share).toFixed(1), String(share.lines)];
    const note = open && share.ran < share.lines ? `: ${open}` : '';
    table.push(`${cells.map(cell => cell.padStart(5)).join('  ')}  ${room}${note}`);
    if (percent(share) < floor) {
      problems.push(
        `${room}: ${percent(share).toFixed(1)} % of its lines ran, the floor is ${floor.toFixed(1)} %`,
      );
    }
  }
  return { table, problems };
}
