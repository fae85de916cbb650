/** Reads the wire format of Protocol Buffers, as far as an OTLP request needs it: fields by number, no schema. */

type Field = bigint | Buffer;

export class ProtobufMessage {
  readonly #fields = new Map<number, Field[]>();

  constructor(bytes: Buffer) {
    let at = 0;
    const varint = (): bigint => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes[at++];
        if (byte === undefined) throw new RangeError('a varint is cut off');
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    while (at < bytes.length) {
      const tag = Number(varint());
      const number = tag >> 3;
      const read = (): Field => {
        switch (tag & 7) {
          case 0:
            return varint();
          case 1:
            at += 8;
            return bytes.readBigUInt64LE(at - 8);
          case 2: {
            const length = Number(varint());
            at += length;
            return bytes.subarray(at - length, at);
          }
          case 5:
            at += 4;
            return BigInt(bytes.readUInt32LE(at - 4));
          default:
            throw new RangeError(`wire type ${tag & 7}`);
        }
      };
      const field = read();
      this.#fields.set(number, [...(this.#fields.get(number) ?? []), field]);
    }
  }

  has(number: number): boolean {
    return this.#fields.has(number);
  }

  bytes(number: number): Buffer {
    const field = this.#fields.get(number)?.at(-1);
    return Buffer.isBuffer(field) ? field : Buffer.alloc(0);
  }

  integer(number: number): bigint {
    const field = this.#fields.get(number)?.at(-1);
    return typeof field === 'bigint' ? field : 0n;
  }

  text(number: number): string {
    return this.bytes(number).toString('utf8');
  }

  /** Each of a repeated message. */
  all(number: number): ProtobufMessage[] {
    return (this.#fields.get(number) ?? []).flatMap((field) =>
      Buffer.isBuffer(field) ? [new ProtobufMessage(field)] : [],
    );
  }

  message(number: number): ProtobufMessage {
    return new ProtobufMessage(this.bytes(number));
  }
}
