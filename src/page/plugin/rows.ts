import { CAPABILITIES } from '../../audit/capabilities.ts';
import { type BlocksLeft, blocksLeft } from '../../audit/follow.ts';
import type { AuditReport, Finding, TraceEvent } from '../../audit/index.ts';
import { findingsIn } from '../../audit/lint-trace.ts';
import { callsIn, runsOf, type TracedCall } from '../../audit/trace-calls.ts';
import { count, summarize } from '../../audit/trace-summary.ts';
import { excerpt } from '../../errors.ts';
import { showOutcome, showSite, showValues } from '../../trace/format.ts';
import { withCommas } from '../../units.ts';

/** A row of a table. All cells are texts; a level colours the row, whose text says the same. */
export interface Row {
  readonly cells: readonly string[];
  readonly level?: 'error' | 'warning' | undefined;
}

export interface Table {
  readonly caption: string;
  readonly heads: readonly string[];
  readonly rows: readonly Row[];
}

const MOST_ROWS = 500;
const MOST_CHARACTERS = 1000;

/** Cuts a table that would be too long for a page, and counts the rows that are left out in its caption. Names may be long, too. */
function short({ caption, heads, rows }: Table): Table {
  const left = rows.length - MOST_ROWS;
  return {
    caption: left > 0 ? `${caption}; ${count(left, 'more row')} not shown` : caption,
    heads,
    rows: rows.slice(0, MOST_ROWS).map(({ cells, level }) => ({
      cells: cells.map(cell => excerpt(cell, MOST_CHARACTERS)),
      level,
    })),
  };
}

const plain = (...cells: readonly string[]): Row => ({ cells });

export const powersTable = ({ capabilities }: AuditReport): Table =>
  short({
    caption: 'Powers, the widest first',
    heads: ['power', 'it', 'granted by'],
    rows: capabilities.map(({ id, hostFunction, words, grant }) =>
      plain(
        hostFunction ? `${hostFunction.namespace} ${hostFunction.name} ${hostFunction.type ?? ''}` : id,
        words,
        grant,
      ),
    ),
  });

export const importsTable = ({ modules }: AuditReport): Table =>
  short({
    caption: 'Imports',
    heads: ['namespace', 'name', 'type', 'from'],
    rows: modules.flatMap(({ imports }) =>
      imports.map(({ namespace, name, kind, type, origin }) => ({
        cells: [namespace, name, type ?? kind, origin],
        level: origin === 'unknown' ? 'error' : undefined,
      })),
    ),
  });

export const exportsTable = ({ exports }: AuditReport): Table =>
  short({
    caption: 'Exports, and the imports that each function can reach',
    heads: ['export', 'type', 'can reach'],
    rows: exports.map(({ name, kind, type, reach }) =>
      plain(name, type ?? kind, reach ? reachText(reach) : ''),
    ),
  });

function reachText({ state, why, imports, excludes }: NonNullable<AuditReport['exports'][number]['reach']>) {
  if (state === 'unknown') return `not known: ${why}`;
  const names = imports.map(({ name }) => name).join(', ') || 'no import';
  return excludes === 0 ? names : `${names}; excludes ${excludes}`;
}

const levelOf = ({ level }: Finding): Row['level'] => (level === 'note' ? undefined : level);

/** The findings in the module, which stand first, and those in the trace of a call. */
export const findingsTable = (report: AuditReport, events: readonly TraceEvent[]): Table =>
  short({
    caption: 'Findings of the lint rules',
    heads: ['rule', 'level', 'in', 'finding', 'repair'],
    rows: [
      ...report.findings.map(finding => ({ ...finding, where: 'the module' })),
      ...findingsIn(events).map(finding => ({ ...finding, where: 'the call' })),
    ].map(finding => ({
      cells: [finding.rule, finding.level, finding.where, finding.message, finding.repair],
      level: levelOf(finding),
    })),
  });

/** The powers that a call used, and the imports through which. */
export const usedTable = (events: readonly TraceEvent[]): Table =>
  short({
    caption: 'Powers that it used, the widest first',
    heads: ['power', 'it', 'imports'],
    rows: summarize(events).powers.map(({ id, imports }) => ({
      cells: [
        id,
        CAPABILITIES[id].words,
        imports
          .map(
            ({ name, calls, refused }) => `${name} × ${calls}${refused > 0 ? ` (${refused} refused)` : ''}`,
          )
          .join(', '),
      ],
      level: imports.some(({ refused }) => refused > 0) ? 'error' : undefined,
    })),
  });

const ms = (value: number): string => `${value.toFixed(3)} ms`;

const isBad = ({ allowed, error }: TracedCall['imports'][number]): boolean => !allowed || error !== undefined;

/** The calls of the host, in the order in which the plugin made them. Loads and stores are counted in runs. */
export function traceTable(events: readonly TraceEvent[]): Table {
  const calls = callsIn(events);
  const rows = calls.flatMap(({ begin, imports }) =>
    runsOf(imports).map(
      ({ first, times, ms: spent }): Row => ({
        cells: [
          begin.export ?? 'start',
          `${showSite(first)}${times > 1 ? ` × ${withCommas(times)}` : ''}`,
          showValues(first.params),
          showOutcome(first),
          ms(spent),
        ],
        level: isBad(first) ? 'error' : undefined,
      }),
    ),
  );
  const isCut = events.some(({ type }) => type === 'cut');
  const made = calls.reduce((sum, { imports }) => sum + imports.length, 0);
  return short({
    caption: `Trace: ${count(made, 'call')} of the host${isCut ? '; later ones are left out' : ''}`,
    heads: ['during', 'function', 'arguments', 'outcome', 'took'],
    rows,
  });
}

const NONE_LEFT: BlocksLeft = { blocks: [], outputs: new Set(), areAll: true };

/** The blocks of kernel memory that the latest call has not freed. */
export function blocksTable(events: readonly TraceEvent[]): Table {
  const call = callsIn(events).findLast(({ begin }) => begin.export !== null);
  const { blocks, outputs, areAll } = call ? blocksLeft(call) : NONE_LEFT;
  const bytes = blocks.reduce((sum, block) => sum + block.bytes, 0);
  return short({
    caption: `Blocks left: ${withCommas(blocks.length)}, ${count(bytes, 'byte')}${areAll ? '' : ', and perhaps blocks that a host function made'}`,
    heads: ['handle', 'bytes', 'from', 'use'],
    rows: blocks.map(block =>
      plain(
        String(block.start),
        withCommas(block.bytes),
        block.from ?? 'an argument',
        outputs.has(block.start) ? 'the output' : block.isPassed ? 'passed to the host' : 'not known',
      ),
    ),
  });
}

/** The requests that the plugin wanted to send. Without values in the trace their addresses are not known. */
export function requestsTable(events: readonly TraceEvent[]): Table {
  const requests = callsIn(events).flatMap(({ imports }) => imports.filter(({ from }) => from === 'http'));
  return short({
    caption: 'Requests that it asked for; each ends in this page',
    heads: ['request', 'body', 'outcome'],
    rows: requests.map(event => {
      const [request, body] = event.params;
      return {
        cells: [
          request?.text ?? 'not in the trace',
          body?.text ?? (body?.bytes === undefined ? '' : count(body.bytes, 'byte')),
          showOutcome(event),
        ],
        level: isBad(event) ? 'error' : undefined,
      };
    }),
  });
}
