const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function refuseWrite(): never {
  throw new TypeError('PluginOutput is read-only; copy it with .bytes() to change it');
}

/**
 * What a plugin gave: the read side of `DataView` over its own copy of the bytes, and conversions. The class and
 * its methods are those of the official JS SDK.
 */
export class PluginOutput extends DataView<ArrayBuffer> {
  /** The bytes as JSON. Numbers are JavaScript's: integers beyond 2^53 lose digits. */
  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }

  /** The bytes as UTF-8; what is not becomes U+FFFD. */
  text(): string {
    return decoder.decode(this);
  }

  /** The same as `text`. */
  string(): string {
    return this.text();
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.buffer, this.byteOffset, this.byteLength);
  }

  arrayBuffer(): ArrayBuffer {
    return this.buffer;
  }

  // Written out: a loop that defines them makes every PluginOutput half as slow again to create on V8.
  override setInt8(): never {
    return refuseWrite();
  }
  override setUint8(): never {
    return refuseWrite();
  }
  override setInt16(): never {
    return refuseWrite();
  }
  override setUint16(): never {
    return refuseWrite();
  }
  override setInt32(): never {
    return refuseWrite();
  }
  override setUint32(): never {
    return refuseWrite();
  }
  setFloat16(): never {
    return refuseWrite();
  }
  override setFloat32(): never {
    return refuseWrite();
  }
  override setFloat64(): never {
    return refuseWrite();
  }
  override setBigInt64(): never {
    return refuseWrite();
  }
  override setBigUint64(): never {
    return refuseWrite();
  }
}
