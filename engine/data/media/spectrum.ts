// From samples to the logarithm of mel band energies. Float64 throughout, one order of additions: the same samples give the
// same bits. Reads no file.
import type { SoundInput } from '../../schema/index.ts';

/** What of a sound input decides its spectrum. */
export type SpectrumForm = Pick<SoundInput, 'rate' | 'window' | 'hop' | 'mels' | 'frames'>;

/** Added to an energy before its logarithm, so that silence has one. */
const floor = 1e-6;

export interface Spectrum {
  /** Samples that `frames` frames are made of. */
  samples: number;
  /** [mels, frames] row-major. */
  of(samples: Float32Array): Float32Array;
}

/** Compiles the windows, the transform and the mel bands. */
export function openSpectrum({ rate, window, hop, mels, frames }: SpectrumForm): Spectrum {
  const hann = Float64Array.from({ length: window }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / window));
  const transform = openTransform(window);
  const bands = melBands(rate, window, mels);
  const re = new Float64Array(window);
  const im = new Float64Array(window);
  const power = new Float64Array(window / 2 + 1);
  return {
    samples: window + hop * (frames - 1),
    of(samples) {
      const out = new Float32Array(mels * frames);
      for (let t = 0; t < frames; t++) {
        const start = t * hop;
        for (let i = 0; i < window; i++) re[i] = (samples[start + i] ?? 0) * hann[i];
        im.fill(0);
        transform(re, im);
        for (let i = 0; i < power.length; i++) power[i] = re[i] * re[i] + im[i] * im[i];
        for (let m = 0; m < mels; m++) {
          const { first, weights } = bands[m];
          let energy = 0;
          for (let k = 0; k < weights.length; k++) energy += power[first + k] * weights[k];
          out[m * frames + t] = Math.log(energy + floor);
        }
      }
      return out;
    },
  };
}

/** An in-place radix-2 transform (Cooley and Tukey 1965) of a power of two of complex numbers. */
function openTransform(n: number): (re: Float64Array, im: Float64Array) => void {
  const bits = Math.log2(n);
  const order = Uint32Array.from({ length: n }, (_, i) => {
    let reversed = 0;
    for (let b = 0; b < bits; b++) reversed |= ((i >> b) & 1) << (bits - 1 - b);
    return reversed;
  });
  const cos = Float64Array.from({ length: n / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / n));
  const sin = Float64Array.from({ length: n / 2 }, (_, i) => -Math.sin((2 * Math.PI * i) / n));
  return (re, im) => {
    for (let i = 0; i < n; i++) {
      const j = order[i];
      if (j <= i) continue;
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
    for (let size = 2; size <= n; size *= 2) {
      const half = size / 2;
      const step = n / size;
      for (let start = 0; start < n; start += size) {
        for (let k = 0; k < half; k++) {
          const [a, b] = [start + k, start + k + half];
          const [wr, wi] = [cos[k * step], sin[k * step]];
          const tr = re[b] * wr - im[b] * wi;
          const ti = re[b] * wi + im[b] * wr;
          re[b] = re[a] - tr;
          im[b] = im[a] - ti;
          re[a] += tr;
          im[a] += ti;
        }
      }
    }
  };
}

interface Band {
  first: number;
  weights: Float64Array;
}

const toMel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
const fromMel = (mel: number): number => 700 * (10 ** (mel / 2595) - 1);

/** Triangles evenly spread over the mel scale (O'Shaughnessy 1987) from 0 to half the rate, each of area 1 (Slaney). */
function melBands(rate: number, window: number, mels: number): Band[] {
  const top = toMel(rate / 2);
  const edges = Array.from({ length: mels + 2 }, (_, i) => fromMel((top * i) / (mels + 1)));
  const bin = rate / window;
  return Array.from({ length: mels }, (_, m) => {
    const [low, middle, high] = edges.slice(m, m + 3);
    const first = Math.ceil(low / bin);
    const last = Math.min(window / 2, Math.floor(high / bin));
    const weights = Float64Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => {
      const hertz = (first + k) * bin;
      const slope = hertz <= middle ? (hertz - low) / (middle - low) : (high - hertz) / (high - middle);
      return (Math.max(0, slope) * 2) / (high - low);
    });
    // A narrow low band can fall between two bins: it takes the nearest one.
    if (!weights.some((weight) => weight > 0))
      return { first: Math.round(middle / bin), weights: Float64Array.of(2 / (high - low)) };
    return { first, weights };
  });
}
