// WAV files (RIFF, Microsoft's WAVEFORMATEX): PCM of 8 to 32 bits and IEEE floats, any number of channels. Decodes nothing else.
import { Fault } from '../../schema/index.ts';
import type { Decoded } from './audio.ts';

const damaged = (why: string): Fault => new Fault('bad_data', why);

interface Form {
  float: boolean;
  channels: number;
  rate: number;
  bits: number;
}

/** Samples of a WAV file by channel, −1 to 1. Throws `bad_data` whose message ends a sentence about the file. */
export function decodeWav(bytes: Uint8Array): Decoded {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  let form: Form | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = tag(at);
    const size = view.getUint32(at + 4, true);
    const from = at + 8;
    if (name === 'fmt ') form = readForm(view, from, size);
    if (name === 'data') {
      if (!form) throw damaged('has sound before it says which kind');
      // Recorders that were cut off, and streams, leave a size of 0 or of all ones.
      const open = size === 0 || size === 0xffffffff;
      if (!open && from + size > bytes.length) throw damaged('is cut off');
      return samples(view, form, from, open ? bytes.length : from + size);
    }
    at = from + size + (size % 2);
  }
  throw damaged('holds no sound');
}

function readForm(view: DataView, at: number, size: number): Form {
  if (size < 16 || at + size > view.byteLength) throw damaged('is cut off');
  const code = view.getUint16(at, true);
  const kind = code === 0xfffe && size >= 40 ? view.getUint16(at + 24, true) : code;
  const form = {
    float: kind === 3,
    channels: view.getUint16(at + 2, true),
    rate: view.getUint32(at + 4, true),
    bits: view.getUint16(at + 14, true),
  };
  const known = kind === 1 ? [8, 16, 24, 32] : kind === 3 ? [32, 64] : [];
  if (!known.includes(form.bits)) throw damaged('is a WAV file of a kind that is not read (PCM and float are)');
  if (form.channels < 1 || form.channels > 64 || form.rate < 100 || form.rate > 768_000) throw damaged('is damaged');
  return form;
}

function samples(view: DataView, { float, channels, rate, bits }: Form, from: number, to: number): Decoded {
  const width = bits / 8;
  const count = Math.floor((to - from) / (width * channels));
  const read = reader(view, float, bits);
  const out = Array.from({ length: channels }, () => new Float32Array(count));
  for (let i = 0, at = from; i < count; i++) {
    for (let c = 0; c < channels; c++, at += width) out[c][i] = read(at);
  }
  return { rate, channels: out };
}

function reader(view: DataView, float: boolean, bits: number): (at: number) => number {
  if (float) return bits === 32 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
  switch (bits) {
    case 8:
      return (at) => (view.getUint8(at) - 128) / 128;
    case 16:
      return (at) => view.getInt16(at, true) / 32_768;
    case 24:
      return (at) => (view.getUint16(at, true) | (view.getInt8(at + 2) << 16)) / 8_388_608;
    default:
      return (at) => view.getInt32(at, true) / 2_147_483_648;
  }
}
