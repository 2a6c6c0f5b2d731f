import { readEnvironment } from '../platform/node-env.ts';
import type { Platform } from '../platform/types.ts';

/** Most commands are over by then, and show nothing. */
const FIRST_AFTER_MS = 500;
const EVERY_MS = 100;

/** The part of `process.stderr` that is used. */
export interface Screen {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** Whether people watch this stream: a terminal that can overwrite a line, and no log of a CI service. */
export function isWatched({ isTTY }: Screen, variable: (name: string) => string | undefined): boolean {
  if (!isTTY || variable('TERM') === 'dumb') return false;
  return ['', '0', 'false'].includes(variable('CI') ?? '');
}

/**
 * Shows work that takes long on one line of a terminal, and overwrites the line with blanks at the end. Uses no colours and no escape
 * sequences. Without a screen it does nothing.
 */
export class Progress {
  readonly #screen: Screen | null;
  readonly #nowMs: () => number;
  /** The oldest one is shown. */
  readonly #tasks = new Set<{ text: (seconds: number) => string; sinceMs: number }>();
  #timer: NodeJS.Timeout | undefined;
  #shown = 0;
  #drawnMs = 0;

  constructor(screen: Screen | null, nowMs: () => number = () => performance.now()) {
    this.#screen = screen;
    this.#nowMs = nowMs;
  }

  /** Shows a text until `work` has settled. The text gets the seconds that have passed. */
  async during<T>(text: (seconds: number) => string, work: Promise<T>): Promise<T> {
    if (!this.#screen) return work;
    const end = this.#begin(text);
    try {
      return await work;
    } finally {
      end();
    }
  }

  /** Draws the line if it is due. Called by the timer, and by loops that leave the timer no time. */
  readonly tick = (): void => {
    const [task] = this.#tasks;
    if (!this.#screen || !task) return;
    const now = this.#nowMs();
    if (now - task.sinceMs < FIRST_AFTER_MS || now - this.#drawnMs < EVERY_MS) return;
    this.#drawnMs = now;
    const seconds = Math.floor((now - task.sinceMs) / 1000);
    // The last column stays free: a full line moves the cursor to the next one on some terminals.
    const line = `plugboard: ${task.text(seconds)}`.slice(0, (this.#screen.columns || 80) - 1);
    this.#screen.write(`\r${line.padEnd(this.#shown)}\r${line}`);
    this.#shown = line.length;
  };

  /** Removes the line, because something else is printed, or because all is done. */
  clear(): void {
    if (this.#shown > 0) this.#screen?.write(`\r${' '.repeat(this.#shown)}\r`);
    this.#shown = 0;
  }

  /** Ends all that is shown. */
  end(): void {
    this.#tasks.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.clear();
  }

  /** Returns a platform whose downloads and compilations are shown. */
  watch(platform: Platform): Platform {
    if (!this.#screen) return platform;
    const { compileStreaming, print } = platform;
    const compiling = <T>(size: string, work: Promise<T>) =>
      this.during(seconds => `compiling ${size}, ${seconds} s`, work);
    return {
      ...platform,
      fetch: (input, init) => this.#download(platform.fetch, input, init),
      compile: bytes => compiling(megabytes(bytes.length), platform.compile(bytes)),
      ...(compileStreaming && {
        compileStreaming: response => compiling('wasm', compileStreaming(response)),
      }),
      print: {
        out: line => {
          this.clear();
          print.out(line);
        },
        err: line => {
          this.clear();
          print.err(line);
        },
      },
    };
  }

  #begin(text: (seconds: number) => string): () => void {
    const task = { text, sinceMs: this.#nowMs() };
    this.#tasks.add(task);
    this.#timer ??= setInterval(this.tick, EVERY_MS).unref();
    return () => {
      this.#tasks.delete(task);
      if (this.#tasks.size === 0) this.end();
    };
  }

  async #download(fetch: Platform['fetch'], ...[input, init]: Parameters<typeof fetch>): Promise<Response> {
    let bytes = 0;
    let total = '';
    const { host, pathname } = new URL(input instanceof Request ? input.url : input);
    const text = (seconds: number) =>
      `downloading ${host}${pathname}: ${megabytes(bytes)}${total}, ${seconds} s`;
    const end = this.#begin(text);
    try {
      const response = await fetch(input, init);
      const length = Number(response.headers.get('content-length'));
      if (length > 0 && !response.headers.has('content-encoding')) total = ` of ${megabytes(length)}`;
      if (!response.ok || !response.body) {
        end();
        return response;
      }
      const count = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          bytes += chunk.length;
          controller.enqueue(chunk);
        },
        flush: end,
      });
      const counted = new Response(response.body.pipeThrough(count), response);
      return Object.defineProperty(counted, 'url', { value: response.url });
    } catch (error) {
      end();
      throw error;
    }
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

let current: Progress | null = null;

/** Returns the progress of a command. It shows something only on a terminal, and without `--quiet`. */
export function startProgress(isQuiet: boolean): Progress {
  const isShown = !isQuiet && isWatched(process.stderr, readEnvironment);
  current = new Progress(isShown ? process.stderr : null);
  // The line would stand before the prompt of the shell. The second signal ends the process as usual.
  if (isShown)
    process.once('SIGINT', () => {
      clearProgress();
      process.kill(process.pid, 'SIGINT');
    });
  return current;
}

/** Removes the line of the command, if one is shown. Called before each other output. */
export const clearProgress = (): void => current?.clear();

/** Called when the command is over, also by an error. */
export const endProgress = (): void => current?.end();
