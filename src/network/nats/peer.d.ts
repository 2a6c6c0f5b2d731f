declare module '@nats-io/nats-core' {
  export function headers(): { set(key: string, value: string): void };
}
