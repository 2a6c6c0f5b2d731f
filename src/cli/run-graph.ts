import { dirname, resolve } from 'node:path';
import { strictly } from '../actor/errors.ts';
import { type JsonObject, readJson, writeJson, writePacket } from '../actor/index.ts';
import { isJsonObject } from '../actor/json/value.ts';
import type { Message } from '../actor/message/message.ts';
import { fromWire } from '../actor/message/wire.ts';
import {
  type Component,
  JournalEngine,
  Network,
  NetworkError,
  type NetworkHappened,
} from '../network/node.ts';
import { nodePlatform } from '../platform/node.ts';
import { CliError, describeError } from './errors.ts';
import { EventFile } from './event-file.ts';
import { readInputFile, refuseSharedFiles } from './files.ts';
import { componentFiles, isGraphFile } from './graph-files.ts';
import { openRecorder, recordingFiles } from './record.ts';
import { engineOptions, environmentOf, type RunValues } from './run-options.ts';
import { isBlank, OutputClosed, stdinLines, writeStderr, writeStdout } from './stdio.ts';
import { openTrace, traceFiles } from './trace.ts';
import { watchModule } from './watch.ts';

/** The member of a line that is its number. */
const NUMBER = '#';

/** Lines with numbers that may be on their way at once. The network remembers more ids. */
const MOST_OPEN = 1000;

/** Runs the network of a graph file. Returns the exit code. */
export async function runGraph(path: string, values: RunValues): Promise<number> {
  const actors = await engineOptions(values, nodePlatform);
  const files = componentFiles(values.component);
  refuseSharedFiles([
    { name: 'FILE', path },
    ...[...files].map(([name, file]) => ({ name: `--component ${name}`, path: file })),
    { name: '--policy', path: values.policy },
    { name: 'stdin', path: 0 },
    { name: '--events', path: values.events, isWritten: true },
    ...traceFiles(values),
    ...recordingFiles(values),
  ]);
  const graphs = await Promise.all([path, ...values.with].map(readInputFile));
  const modules = new Map<string, Uint8Array<ArrayBuffer>>();
  const components: { [name: string]: Component } = {};
  for (const [name, file] of files) {
    const bytes = await readInputFile(file);
    components[name] = isGraphFile(file) ? { graph: bytes } : { source: bytes };
    if (!isGraphFile(file)) modules.set(name, bytes);
  }
  const events = values.events === undefined ? undefined : new EventFile(values.events);
  const traceFile = await openTrace(values);
  const recording = await openRecorder(values);
  const isOnNats = values.nats !== undefined || values.spread || values.nodes !== undefined;
  if (isOnNats && values.state !== undefined)
    throw new CliError('USAGE', 'both --state and --nats are given; keep one');
  const nats = isOnNats ? await (await import('./nats.ts')).openNats(values) : undefined;
  const journal = values.state === undefined ? undefined : new JournalEngine(values.state);
  let exitCode = 0;
  const onEvent = (event: NetworkHappened) => {
    events?.write(withoutRecording(event));
    if (event.type !== 'dead') return;
    exitCode = 1;
    writeStderr(`plugboard: node ${event.node}, port ${event.port}`, `${event.code}: ${event.error}`);
  };
  try {
    const folder = dirname(path);
    const network = await Network.create(graphs.length > 1 ? graphs : graphs[0]!, {
      components,
      actors: { ...actors, trace: traceFile?.trace, record: recording?.recorder },
      environment: environmentOf(values),
      graphFolder: folder,
      pluginFolders: [folder, ...values['plugin-folder']],
      engine: nats?.engine ?? journal,
      onEvent,
    }).catch(error => (journal ? sayFile(error) : Promise.reject(error)));
    const say = (text: string) => (values.quiet ? undefined : writeStderr('plugboard', text));
    if (!values.quiet)
      for (const { path: at, message } of network.plan.warnings)
        writeStderr('plugboard: warning', `${at}: ${message}`);
    const isOver = () => network.phase === 'stopped';
    const ends = !values.watch
      ? []
      : (await watched(network, files, modules, folder)).map(([name, file, source]) =>
          watchModule({ path: file, source, reload: bytes => network.reload(name, bytes), isOver, say }),
        );
    const page = values.page ? await (await import('./page-server.ts')).servePage(network) : undefined;
    if (page) writeStderr('plugboard', `page: ${page.url}`);
    const runner = new GraphRunner(network, journal, values.page || isOnNats, isOnNats);
    try {
      const failed = await runner.run();
      return failed || exitCode;
    } finally {
      for (const end of ends) end();
      await page?.close();
    }
  } finally {
    await nats?.connection.close();
    events?.close();
    recording?.close();
    await traceFile?.close();
  }
}

/** A recording holds a module, and has a file of its own. */
function withoutRecording(event: NetworkHappened): NetworkHappened {
  if (event.type !== 'dead') return event;
  const { recording: _, ...told } = event;
  return told;
}

/** A folder that cannot be used is a wrong argument, as a state file is. */
function sayFile(error: Error & { code?: string }): never {
  if (error.code !== 'STATE_STORE_FAILED' && error.code !== 'INVALID_STATE_FILE') throw error;
  throw new CliError('FILE', `--state ${error.message}`, { cause: error });
}

/** Returns the modules that run, with their names and files. */
async function watched(
  network: Network,
  files: ReadonlyMap<string, string>,
  modules: ReadonlyMap<string, Uint8Array>,
  folder: string,
): Promise<[name: string, file: string, source: Uint8Array][]> {
  const used = new Set(network.plan.nodes.map(({ component }) => component));
  const given = [...modules].filter(([name]) => used.has(name));
  const found = given.map(([name, source]): [string, string, Uint8Array] => [name, files.get(name)!, source]);
  for (const { name, file } of network.pluginFiles()) {
    const at = resolve(folder, file);
    found.push([name, at, await readInputFile(at)]);
  }
  return found;
}

/** Leads lines from stdin into a network, and messages from it to stdout. */
class GraphRunner {
  readonly #network: Network;
  readonly #engine: JournalEngine | undefined;
  /** Whether the network runs on after the last line, until a signal comes. */
  readonly #staysOpen: boolean;
  /** Whether messages come from elsewhere, and none from stdin. */
  readonly #isServed: boolean;
  /** The number of the latest line that each port got in an earlier run. */
  readonly #last: ReadonlyMap<string, number>;
  readonly #open = new Set<Promise<void>>();
  #number = 0;
  #exitCode = 0;
  #isEnding = false;

  constructor(network: Network, engine: JournalEngine | undefined, staysOpen: boolean, isServed: boolean) {
    this.#isServed = isServed;
    this.#network = network;
    this.#engine = engine;
    this.#staysOpen = staysOpen;
    const ports = Object.keys(network.inports);
    this.#last = new Map(ports.map(port => [port, Number(engine?.lastId(port)) || 0]));
  }

  async run(): Promise<number> {
    const network = this.#network;
    const interrupted = this.#onInterrupt();
    const writing = Object.keys(network.outports).map(port => this.#write(port));
    const written = Promise.all(writing);
    // The outports may end, or be missing, while lines are still processed.
    const failed = new Promise<never>((_, reject) => {
      written.catch(reject);
      // A graph without outports says so by its phase alone.
      network.subscribe(event => {
        if (event.type === 'phase' && event.phase === 'stopped' && !this.#isEnding)
          reject(new NetworkError('NETWORK_STOPPED', 'the network has stopped after a failure'));
      });
    });
    failed.catch(() => {});
    try {
      network.start();
      await Promise.race([this.#process(interrupted), failed]);
    } catch (error) {
      await network.stop({ drain: false }).catch(() => {});
      throw causeOf(error);
    } finally {
      for (const signal of this.#signals) process.off(signal, this.#interrupt);
      process.stdin.destroy();
    }
    await written;
    return this.#exitCode;
  }

  /** Sends the lines, waits for all that they cause, and stops. */
  async #process(interrupted: Promise<undefined>): Promise<void> {
    const network = this.#network;
    if (!this.#isServed) await this.#readAll(interrupted);
    if (this.#staysOpen) await interrupted;
    network.pace.end();
    if (!this.#isServed) await network.drain();
    await Promise.all(this.#open);
    if (!this.#isServed) await network.whenRead();
    this.#isEnding = true;
    await network.stop();
  }

  async #readAll(interrupted: Promise<undefined>): Promise<void> {
    const lines = stdinLines();
    for (let at = 1; ; at++) {
      const next = await Promise.race([lines.next(), interrupted]);
      if (next === undefined || next.done) return;
      if (isBlank(next.value)) continue;
      try {
        await this.#send(next.value);
      } catch (error) {
        if (this.#network.phase !== 'running') throw error;
        writeStderr(`plugboard: line ${at}`, describeError(error));
        this.#exitCode = 1;
      }
      while (this.#open.size >= MOST_OPEN) await Promise.race(this.#open);
    }
  }

  async #send(line: Uint8Array): Promise<void> {
    const { number, packet } = readLine(line);
    const network = this.#network;
    const ports = Object.keys(network.inports);
    const unknown = Object.keys(packet).find(port => !ports.includes(port));
    if (unknown !== undefined) {
      const known = ports.map(port => JSON.stringify(port)).join(', ') || 'none';
      throw new CliError('USAGE', `expected inports of the graph, ${known}, got ${JSON.stringify(unknown)}`);
    }
    if (number === undefined) {
      for (const [port, message] of Object.entries(packet)) await network.inports[port]!.send(message);
      return;
    }
    if (number <= this.#number)
      throw new CliError(
        'USAGE',
        `expected a number above ${this.#number}, that of the line before, got ${number}`,
      );
    this.#number = number;
    // Numbers rise, so that a port has all lines up to its latest one.
    const fresh = Object.entries(packet).filter(([port]) => number > this.#last.get(port)!);
    const { done } = await network.accept(Object.fromEntries(fresh), String(number));
    const acknowledged = done
      .then(() => this.#engine?.flush())
      .then(() => writeStdout(`${writeJson({ ack: number })}\n`))
      .finally(() => this.#open.delete(acknowledged));
    // Failures come up where all are awaited, or end the network.
    acknowledged.catch(() => {});
    this.#open.add(acknowledged);
  }

  async #write(port: string): Promise<void> {
    for await (const { message, number } of this.#network.outports[port]!.deliveries()) {
      const text = writePacket({ [port]: message });
      const numbered = this.#engine ? `${text.slice(0, -1)},"${NUMBER}":${number}}` : text;
      await writeStdout(`${numbered}\n`);
    }
  }

  /** Resolves at the first signal. The second one drops all that is on its way. */
  #onInterrupt(): Promise<undefined> {
    return new Promise(resolve => {
      let count = 0;
      this.#interrupt = () => {
        count++;
        if (count === 1) return resolve(undefined);
        this.#exitCode = 1;
        void this.#network.stop({ drain: false });
      };
      for (const signal of this.#signals) process.on(signal, this.#interrupt);
    });
  }

  #interrupt: () => void = () => {};

  /** Those that end a network which has no last line. */
  get #signals(): readonly NodeJS.Signals[] {
    return this.#isServed ? ['SIGINT', 'SIGTERM'] : ['SIGINT'];
  }
}

/** The failure with which a network has stopped says more than that it has stopped. */
function causeOf(error: unknown): unknown {
  const isStop = error instanceof Error && 'code' in error && error.code === 'NETWORK_STOPPED';
  return isStop && error.cause && !(error.cause instanceof OutputClosed) ? error.cause : error;
}

/** @throws {ActorError} JSON_SYNTAX and others, INVALID_MESSAGE; {CliError} USAGE */
function readLine(line: Uint8Array): { number: number | undefined; packet: { [port: string]: Message } } {
  const json = readJson(line, { what: 'the line' });
  if (!isJsonObject(json)) throw new CliError('USAGE', 'expected an object of port → message');
  const members: JsonObject = { ...json };
  const number = typeof members[NUMBER] === 'object' ? undefined : members[NUMBER];
  if (number !== undefined) {
    if (!Number.isSafeInteger(number) || (number as number) < 1)
      throw new CliError('USAGE', `${NUMBER}: expected a whole number, 1 or more, got ${writeJson(number)}`);
    delete members[NUMBER];
  }
  const packet = Object.entries(members).map(([port, value]) => {
    return [port, fromWire(value, [port], strictly, () => true)!] as const;
  });
  return { number: number as number | undefined, packet: Object.fromEntries(packet) };
}
