declare module '@nats-io/nats-core' {
  export function headers(): { set(key: string, value: string): void };
  export function wsconnect(options: object): Promise<unknown>;
}

declare module '@nats-io/transport-node' {
  export function connect(options: object): Promise<unknown>;
}
