import { dirname, resolve } from 'node:path';
import { strictly } from '../actor/errors.ts';
import { type JsonObject, type Packet, writeJson, writePacket } from '../actor/index.ts';
import { parseJson, type RepeatedKeys } from '../actor/json/reader.ts';
import { isJsonObject } from '../actor/json/value.ts';
import { fromWire, reportRepeated } from '../actor/message/wire.ts';
import { NETWORK_LIMITS } from '../network/limits.ts';
import {
  type Component,
  type ComponentFacts,
  JournalEngine,
  Network,
  NetworkError,
  type NetworkHappened,
  type Plan,
} from '../network/node.ts';
import { nodePlatform } from '../platform/node.ts';
import { CliError, describeError } from './errors.ts';
import { EventFile } from './event-file.ts';
import { noteOutputs, noteRead, readAgain, readInputFile } from './files.ts';
import { componentFiles, isGraphFile } from './graph-files.ts';
import { openRecorder } from './record.ts';
import { engineOptions, environmentOf, outputsOf, type RunValues } from './run-options.ts';
import { isBlank, OutputClosed, stdinLines, writeStderr, writeStdout } from './stdio.ts';
import { openTrace } from './trace.ts';
import { watchModule } from './watch.ts';

/** The member of a line that is its number. */
const NUMBER = '#';

/** The port that remembers the numbers of refused lines. No port of a graph has this name. */
const REFUSED = '';

/** Lines that may be on their way at once. The network remembers more ids. */
const MOST_OPEN = 1000;

/** Runs the network of a graph file. Returns the exit code. */
export async function runGraph(path: string, values: RunValues): Promise<number> {
  const actors = await engineOptions(values, nodePlatform);
  const files = componentFiles(values.component);
  const graphs = await Promise.all([path, ...values.with].map(readInputFile));
  const modules = new Map<string, Uint8Array<ArrayBuffer>>();
  const components: { [name: string]: Component } = {};
  const facts: { [name: string]: ComponentFacts } = {};
  for (const [name, file] of files) {
    const bytes = await readInputFile(file);
    components[name] = isGraphFile(file) ? { graph: bytes } : { source: bytes };
    facts[name] = isGraphFile(file) ? { graph: bytes } : {};
    if (!isGraphFile(file)) modules.set(name, bytes);
  }
  const [folder, graph] = [dirname(path), graphs.length > 1 ? graphs : graphs[0]!];
  noteOutputs(outputsOf(values));
  notePlugins(Network.plan(graph, { components: facts }), folder);
  const events = values.events === undefined ? undefined : new EventFile(values.events);
  const traceFile = await openTrace(values);
  const recording = await openRecorder(values, true);
  const nats =
    values.nats === undefined ? undefined : await (await import('./nats.ts')).openNats(values.nats, values);
  const journal = values.state === undefined ? undefined : new JournalEngine(values.state);
  let exitCode = 0;
  const onEvent = (event: NetworkHappened) => {
    events?.write(withoutRecording(event));
    if (event.type !== 'dead') return;
    exitCode = 1;
    writeStderr(`plugboard: node ${event.node}, port ${event.port}`, `${event.code}: ${event.error}`);
  };
  try {
    const network = await Network.create(graph, {
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
    const runner = new GraphRunner(network, journal, values.page || nats !== undefined, nats !== undefined);
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

/** Notes the modules that nodes name, which are read while the network is created. @throws {CliError} USAGE */
function notePlugins({ nodes }: Plan, folder: string): void {
  for (const { metadata } of nodes)
    if (typeof metadata.plugin_path === 'string') noteRead(resolve(folder, metadata.plugin_path));
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
    found.push([name, at, await readAgain(at)]);
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
  /** Lines that wait for room, or for all that they cause. */
  readonly #open = new Set<Promise<void>>();
  #number = 0;
  #exitCode = 0;
  #isEnding = false;
  /** Ends the run with an error. */
  #fail: (error: unknown) => void = () => {};
  /** Called when a line is done, and at the first signal. */
  #onDone: () => void = () => {};

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
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    failed.catch(() => {});
    const writing = Object.keys(network.outports).map(port => this.#write(port));
    const written = Promise.all(writing);
    // The outports may end, or be missing, while lines are still processed.
    written.catch(this.#fail);
    // A graph without outports says so by its phase alone.
    network.subscribe(event => {
      if (event.type === 'phase' && event.phase === 'stopped' && !this.#isEnding) this.#fail(stopOf(network));
    });
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
    void interrupted.then(() => this.#onDone());
    for (let at = 1; ; at++) {
      const next = await Promise.race([lines.next(), interrupted]);
      if (next === undefined || next.done) return;
      if (isBlank(next.value)) continue;
      // Not awaited: the lines that a full join waits for may be the next ones.
      const line = this.#take(at, next.value).catch(this.#fail);
      const open = line.finally(() => {
        this.#open.delete(open);
        this.#onDone();
      });
      this.#open.add(open);
      if (this.#open.size >= MOST_OPEN) await this.#whenDone();
    }
  }

  /** Waits until a line is done. Meanwhile no line comes that a full join waits for, so that the join takes more or refuses it. */
  async #whenDone(): Promise<void> {
    const endDrain = this.#network.beginDrain();
    await new Promise<void>(resolve => {
      this.#onDone = resolve;
    });
    endDrain();
  }

  /** Sends a line, and acknowledges it when all that it caused is done and has come out. Tells why a line is refused. */
  async #take(at: number, line: Uint8Array): Promise<void> {
    const network = this.#network;
    let number: number | undefined;
    let ends: readonly Promise<void>[];
    try {
      const read = readLine(line);
      number = read.number;
      ends = await this.#send(packetOf(read.members), number);
    } catch (error) {
      // Another error says why the network has stopped.
      if (network.phase !== 'running') return;
      if (number !== undefined) this.#engine?.keepId(REFUSED, String(number));
      writeStderr(`plugboard: line ${at}`, describeError(error));
      this.#exitCode = 1;
      return;
    }
    if (number === undefined) return;
    await Promise.all(ends);
    await Promise.all([this.#engine?.flush(), network.whenRead()]);
    await writeStdout(`${writeJson({ ack: number })}\n`);
  }

  /** Resolves once all messages are kept, to the ends of all that those with a number cause. */
  async #send(packet: Packet, number: number | undefined): Promise<readonly Promise<void>[]> {
    const network = this.#network;
    const ports = Object.keys(network.inports);
    const unknown = Object.keys(packet).find(port => !ports.includes(port));
    if (unknown !== undefined) {
      const known = ports.map(port => JSON.stringify(port)).join(', ') || 'none';
      throw new CliError('USAGE', `expected inports of the graph, ${known}, got ${JSON.stringify(unknown)}`);
    }
    const messages = Object.entries(packet);
    // All at once: later lines must not overtake a message that waits for another port of its line.
    if (number === undefined) {
      await Promise.all(messages.map(([port, message]) => network.inports[port]!.send(message)));
      return [];
    }
    if (number <= this.#number) refuseNumber(number, this.#number, 'that of the line before');
    const fresh = messages.filter(([port]) => !this.#isKnown(port, number));
    this.#number = number;
    const parts = fresh.length > 0 ? fresh.map(([port, message]) => ({ [port]: message })) : [{}];
    const accepted = await Promise.all(parts.map(part => network.accept(part, String(number))));
    return accepted.map(({ done }) => done);
  }

  /** Whether a port got the line of this number in an earlier run. @throws {CliError} USAGE if it got later ones, and not this */
  #isKnown(port: string, number: number): boolean {
    const last = this.#last.get(port)!;
    if (number > last) return false;
    const id = String(number);
    const ids = this.#engine!.ids(port);
    if (ids.has(id)) return true;
    const [oldest] = ids;
    const isForgotten = ids.size >= NETWORK_LIMITS.rememberedIds.default && number < Number(oldest);
    if (isForgotten && !this.#engine!.ids(REFUSED).has(id)) return true;
    return refuseNumber(number, last, `the latest of port ${JSON.stringify(port)} in an earlier run`);
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

/** The error of a network that has stopped. */
function stopOf(network: Network): unknown {
  try {
    network.start();
  } catch (error) {
    // Without a cause a second signal has stopped it.
    if (causeOf(error) !== error) return error;
  }
  return new NetworkError('NETWORK_STOPPED', 'the network has stopped, and packets were dropped');
}

/** The failure with which a network has stopped says more than that it has stopped. */
function causeOf(error: unknown): unknown {
  const isStop = error instanceof Error && 'code' in error && error.code === 'NETWORK_STOPPED';
  return isStop && error.cause && !(error.cause instanceof OutputClosed) ? error.cause : error;
}

function refuseNumber(number: number, last: number, of: string): never {
  throw new CliError('USAGE', `expected a number above ${last}, ${of}, got ${number}`);
}

/** Returns the number of a line, and its messages. @throws {ActorError} JSON_SYNTAX and others; {CliError} USAGE */
function readLine(line: Uint8Array): { number: number | undefined; members: JsonObject } {
  const repeated: RepeatedKeys = new WeakMap();
  const json = parseJson(line, 'the line', undefined, undefined, repeated);
  if (!isJsonObject(json)) throw new CliError('USAGE', 'expected an object of port → message');
  reportRepeated(json, repeated, strictly);
  const members: JsonObject = { ...json };
  const number = isJsonObject(members[NUMBER]) ? undefined : members[NUMBER];
  if (number !== undefined) {
    if (!Number.isSafeInteger(number) || (number as number) < 1)
      throw new CliError('USAGE', `${NUMBER}: expected a whole number, 1 or more, got ${writeJson(number)}`);
    delete members[NUMBER];
  }
  return { number: number as number | undefined, members };
}

/** @throws {ActorError} MESSAGE_SKIPPED, MESSAGE_DEFAULTED */
const packetOf = (members: JsonObject): Packet =>
  Object.fromEntries(
    Object.entries(members).map(([port, value]) => [port, fromWire(value, port, strictly, () => true)!]),
  );
