// Sound files: what they are, and their samples as one channel at the rate that a model takes. The same function serves
// training and requests, so that both see the same bits. Knows nothing of spectra.
import { Fault } from '../../schema/index.ts';
import { decodeWav } from './wav.ts';

/** Samples by channel, −1 to 1. */
export interface Decoded {
  rate: number;
  channels: Float32Array[];
}

/** What a sound file turned out to be. */
export interface AudioFacts {
  format: string;
  channels: number;
  rate: number;
  seconds: number;
}

/** Longest clip that is read, seconds: an hour. */
const mostSeconds = 3600;

type Format = 'wav' | 'flac' | 'mp3';

function formatOf(bytes: Uint8Array): Format | undefined {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  const starts = (text: string, at = 0) => start.startsWith(text, at);
  if (starts('RIFF') && starts('WAVE', 8)) return 'wav';
  if (starts('fLaC')) return 'flac';
  if (starts('ID3') || (bytes[0] === 0xff && (bytes[1] & 0xe0) === 0xe0)) return 'mp3';
  return undefined;
}

interface Result {
  channelData: Float32Array[];
  samplesDecoded: number;
  sampleRate: number;
  errors: unknown[];
}

const decoders: Record<Format, (bytes: Uint8Array) => Promise<Decoded>> = {
  wav: async (bytes) => decodeWav(bytes),
  async flac(bytes) {
    const { FLACDecoder } = await import('@wasm-audio-decoders/flac');
    return decodeWith(new FLACDecoder(), (decoder) => decoder.decodeFile(bytes));
  },
  async mp3(bytes) {
    const { MPEGDecoder } = await import('mpg123-decoder');
    return decodeWith(new MPEGDecoder(), (decoder) => decoder.decode(bytes));
  },
};

async function decodeWith<D extends { ready: Promise<void>; free(): void }>(
  decoder: D,
  decode: (decoder: D) => Promise<Result> | Result,
): Promise<Decoded> {
  await decoder.ready;
  try {
    const { channelData, samplesDecoded, sampleRate, errors } = await decode(decoder);
    if (errors.length > 0 || samplesDecoded === 0) throw new Fault('bad_data', 'is damaged or cut off');
    return { rate: sampleRate, channels: channelData.map((channel) => channel.subarray(0, samplesDecoded)) };
  } finally {
    decoder.free();
  }
}

/** Decodes a WAV, FLAC or MP3 file. Throws `bad_data` whose message is the end of a sentence about the file. */
async function decodeAudio(bytes: Uint8Array): Promise<Decoded & { format: string }> {
  const format = formatOf(bytes);
  if (!format) throw new Fault('bad_data', 'is not a WAV, FLAC or MP3 file');
  try {
    const decoded = await decoders[format](bytes);
    const length = decoded.channels[0]?.length ?? 0;
    if (length === 0) throw new Fault('bad_data', 'holds no sound');
    if (!decoded.channels.every(isSound)) throw new Fault('bad_data', 'holds numbers that are no sound');
    if (length / decoded.rate > mostSeconds) throw new Fault('bad_data', 'is longer than an hour: cut it up');
    return { ...decoded, format };
  } catch (error) {
    throw error instanceof Fault ? error : new Fault('bad_data', 'is damaged or cut off', undefined, error);
  }
}

/** Samples a million times louder than the loudest, or none at all, would be all that a model sees. */
const isSound = (samples: Float32Array): boolean => samples.every((value) => Math.abs(value) < 1e6);

/** Decodes a whole file to see that it is one. Throws as `decodeAudio`. */
export async function probeAudio(bytes: Uint8Array): Promise<AudioFacts> {
  const { format, rate, channels } = await decodeAudio(bytes);
  return { format, rate, channels: channels.length, seconds: channels[0].length / rate };
}

/** The clip as one channel at `rate`, cut or filled with silence to `length` samples. Throws `bad_data`. */
export async function audioSamples(bytes: Uint8Array, rate: number, length: number): Promise<Float32Array> {
  const decoded = await decodeAudio(bytes);
  const out = new Float32Array(length);
  const mono = mixed(
    decoded.channels,
    Math.ceil((length * decoded.rate) / rate) + 2 * reach * Math.ceil(decoded.rate / rate),
  );
  out.set(resample(mono, decoded.rate, rate, length));
  return out;
}

/** Mean of the channels, of the first `most` samples. */
function mixed(channels: readonly Float32Array[], most: number): Float32Array {
  const [first] = channels;
  const length = Math.min(first.length, most);
  if (channels.length === 1) return first.subarray(0, length);
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (const channel of channels) sum += channel[i];
    out[i] = sum / channels.length;
  }
  return out;
}

/** Zero crossings of the kernel on each side. */
const reach = 16;

/** Band-limited interpolation (Smith 1984): a sinc under a Hann window, lowered to the slower of both rates. */
function resample(samples: Float32Array, from: number, to: number, most: number): Float32Array {
  if (from === to) return samples.subarray(0, most);
  const length = Math.min(most, Math.floor((samples.length * to) / from));
  const out = new Float32Array(length);
  const cut = Math.min(1, to / from);
  const radius = reach / cut;
  const phases = kernelPhases(from, to, cut, radius);
  const step = from / to;
  for (let i = 0; i < length; i++) {
    const centre = i * step;
    const first = Math.ceil(centre - radius);
    const kernel = phases(i, centre - first);
    let sum = 0;
    for (let k = 0; k < kernel.length; k++) {
      const at = first + k;
      if (at >= 0 && at < samples.length) sum += samples[at] * kernel[k];
    }
    out[i] = sum;
  }
  return out;
}

/** The kernel at each place between two samples; they come again after to / gcd(from, to) samples. */
function kernelPhases(
  from: number,
  to: number,
  cut: number,
  radius: number,
): (i: number, left: number) => Float64Array {
  const period = to / gcd(from, to);
  const known = new Map<number, Float64Array>();
  return (i, left) => {
    const phase = i % period;
    let kernel = known.get(phase);
    if (!kernel) {
      kernel = new Float64Array(Math.floor(left + radius) + 1);
      for (let k = 0; k < kernel.length; k++) {
        const x = k - left;
        const hann = 0.5 + 0.5 * Math.cos((Math.PI * x) / radius);
        const angle = Math.PI * x * cut;
        kernel[k] = Math.abs(x) > radius ? 0 : cut * hann * (angle === 0 ? 1 : Math.sin(angle) / angle);
      }
      if (period <= 4096) known.set(phase, kernel);
    }
    return kernel;
  };
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
