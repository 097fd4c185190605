// A GGUF file of a llama with one layer and random weights, small enough to be written by a test.
import { rng } from '../../../engine/base/index.ts';

const width = 64;
const inner = 128;
const words = [
  '<unk>',
  '<s>',
  '</s>',
  ...Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`),
  '▁',
  ...'abcdefghijklmnopqrstuvwxyz'.split(''),
];
const kinds = words.map((_, i) => (i === 0 ? 2 : i < 3 ? 3 : i < 259 ? 6 : 1));

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const floats = (values: ArrayLike<number>) => Buffer.from(Float32Array.from(values).buffer);
const entry = (key: string, type: number, value: Buffer) => Buffer.concat([text(key), u32(type), value]);
const list = (type: number, values: Buffer[]) => Buffer.concat([u32(type), u64(values.length), ...values]);

/** `template` is how it writes a conversation, if it does. */
export function tinyGguf({ template }: { template?: string } = {}): Buffer {
  const number = (key: string, value: number) => entry(key, 4, u32(value));
  const head = [
    entry('general.architecture', 8, text('llama')),
    entry('general.name', 8, text('tiny')),
    number('general.file_type', 0),
    number('llama.context_length', 256),
    number('llama.embedding_length', width),
    number('llama.block_count', 1),
    number('llama.feed_forward_length', inner),
    number('llama.attention.head_count', 4),
    number('llama.attention.head_count_kv', 4),
    number('llama.rope.dimension_count', width / 4),
    entry('llama.attention.layer_norm_rms_epsilon', 6, floats([1e-5])),
    entry('tokenizer.ggml.model', 8, text('llama')),
    entry('tokenizer.ggml.tokens', 9, list(8, words.map(text))),
    entry(
      'tokenizer.ggml.scores',
      9,
      list(
        6,
        words.map((_, i) => floats([-i])),
      ),
    ),
    entry('tokenizer.ggml.token_type', 9, list(5, kinds.map(u32))),
    number('tokenizer.ggml.bos_token_id', 1),
    number('tokenizer.ggml.eos_token_id', 2),
    number('tokenizer.ggml.unknown_token_id', 0),
    ...(template === undefined ? [] : [entry('tokenizer.chat_template', 8, text(template))]),
  ];
  const random = rng(1, 'gguf');
  const draw = (dims: number[]) => Array.from({ length: dims.reduce((a, b) => a * b) }, () => random.normal() * 0.2);
  const ones = (dims: number[]) => Array.from({ length: dims[0] }, () => 1);
  const tensors: [string, number[], number[]][] = [
    ['token_embd.weight', [width, words.length]],
    ['output_norm.weight', [width]],
    ['output.weight', [width, words.length]],
    ['blk.0.attn_norm.weight', [width]],
    ['blk.0.attn_q.weight', [width, width]],
    ['blk.0.attn_k.weight', [width, width]],
    ['blk.0.attn_v.weight', [width, width]],
    ['blk.0.attn_output.weight', [width, width]],
    ['blk.0.ffn_norm.weight', [width]],
    ['blk.0.ffn_gate.weight', [width, inner]],
    ['blk.0.ffn_up.weight', [width, inner]],
    ['blk.0.ffn_down.weight', [inner, width]],
  ].map(([name, dims]) => {
    const own = dims as number[];
    return [name as string, own, own.length === 1 ? ones(own) : draw(own)];
  });
  const infos: Buffer[] = [];
  const data: Buffer[] = [];
  let at = 0;
  for (const [name, dims, values] of tensors) {
    infos.push(text(name), u32(dims.length), ...dims.map(u64), u32(0), u64(at));
    const bytes = floats(values);
    const padding = Buffer.alloc((32 - (bytes.length % 32)) % 32);
    data.push(bytes, padding);
    at += bytes.length + padding.length;
  }
  const front = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(head.length), ...head, ...infos]);
  return Buffer.concat([front, Buffer.alloc((32 - (front.length % 32)) % 32), ...data]);
}

/** Weights in it. */
export const tinyParameters = 2 * width * words.length + 3 * width + 4 * width * width + 3 * width * inner;
