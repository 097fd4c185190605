// Protobuf messages read and written from a table of fields (https://protobuf.dev/programming-guides/encoding).
// Knows nothing of ONNX: the table does.
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { Fault } from '../schema/index.ts';

export type Scalar = 'int32' | 'int64' | 'uint64' | 'float' | 'double' | 'string' | 'bytes';

export interface Field {
  no: number;
  type: Scalar | Schema;
  many?: boolean;
}

export interface Schema {
  [key: string]: Field;
}

/** int64 fields are numbers where they fit exactly and bigint elsewhere. */
export type Message = Record<string, unknown>;

const integer = (value: bigint | string | number): number | bigint => {
  const exact = Number(value);
  return Number.isSafeInteger(exact) ? exact : BigInt(value);
};

const scalars: Record<
  Scalar,
  { wire: WireType; write(writer: BinaryWriter, value: never): void; read(reader: BinaryReader): unknown }
> = {
  int32: { wire: WireType.Varint, write: (w, v: number) => w.int32(v), read: (r) => r.int32() },
  int64: { wire: WireType.Varint, write: (w, v: number | bigint) => w.int64(v), read: (r) => integer(r.int64()) },
  uint64: { wire: WireType.Varint, write: (w, v: number | bigint) => w.uint64(v), read: (r) => integer(r.uint64()) },
  float: { wire: WireType.Bit32, write: (w, v: number) => w.float(v), read: (r) => r.float() },
  double: { wire: WireType.Bit64, write: (w, v: number) => w.double(v), read: (r) => r.double() },
  string: { wire: WireType.LengthDelimited, write: (w, v: string) => w.string(v), read: (r) => r.string() },
  bytes: { wire: WireType.LengthDelimited, write: (w, v: Uint8Array) => w.bytes(v), read: (r) => r.bytes() },
};

function writeMessage(writer: BinaryWriter, schema: Schema, message: Message): void {
  for (const [key, field] of Object.entries(schema)) {
    const value = message[key];
    if (value === undefined) continue;
    for (const item of field.many ? (value as unknown[]) : [value]) {
      if (typeof field.type === 'string') {
        const scalar = scalars[field.type];
        scalar.write(writer.tag(field.no, scalar.wire), item as never);
      } else {
        writer.tag(field.no, WireType.LengthDelimited).fork();
        writeMessage(writer, field.type, item as Message);
        writer.join();
      }
    }
  }
}

/** Bytes of a message; keys that are undefined are left out. */
export function encode(schema: Schema, message: Message): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, schema, message);
  return writer.finish();
}

/** Reads a message, skipping fields the schema does not name; throws `corrupt` on malformed bytes. */
export function decode(schema: Schema, bytes: Uint8Array, depth = 0): Message {
  if (depth > 64) throw new Fault('corrupt', 'messages nest deeper than 64 levels');
  const byNumber = new Map(Object.entries(schema).map(([key, field]) => [field.no, { key, field }]));
  const message: Message = {};
  for (const [key, field] of Object.entries(schema)) if (field.many) message[key] = [];
  const reader = new BinaryReader(bytes);
  const put = (key: string, field: Field, value: unknown) => {
    if (field.many) (message[key] as unknown[]).push(value);
    else message[key] = value;
  };
  while (reader.pos < reader.len) {
    const [no, wire] = reader.tag();
    const entry = byNumber.get(no);
    if (!entry) {
      reader.skip(wire, no);
      continue;
    }
    const { key, field } = entry;
    if (typeof field.type !== 'string') {
      put(key, field, decode(field.type, reader.bytes(), depth + 1));
      continue;
    }
    const scalar = scalars[field.type];
    if (wire === scalar.wire) put(key, field, scalar.read(reader));
    else if (field.many && wire === WireType.LengthDelimited) {
      const packed = new BinaryReader(reader.bytes());
      while (packed.pos < packed.len) put(key, field, scalar.read(packed));
    } else throw new Fault('corrupt', `field ${key} has wire type ${wire}`);
  }
  return message;
}
