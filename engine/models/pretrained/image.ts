// How an image becomes `pixel_values`, from preprocessor_config.json. Decodes no image.
import type { Config } from './config.ts';

/** (value × scale − mean) / std by channel, at the given size. */
export interface ImageSpec {
  channels: number;
  height: number;
  width: number;
  scale: number;
  mean: number[];
  std: number[];
}

function numbers(value: unknown, count: number, otherwise: number): number[] {
  const fits = Array.isArray(value) && value.length === count && value.every((n) => typeof n === 'number');
  return fits ? value : Array<number>(count).fill(otherwise);
}

/** ViT's defaults (0.5 and 0.5, scaled to 0…1) where the folder does not say. */
export function imageSpec(config: Config, raw: unknown): ImageSpec {
  const given = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
  const side = config.count('image_size', 224);
  const channels = config.count('num_channels', 3);
  const factor = given['rescale_factor'];
  return {
    channels,
    height: side,
    width: side,
    scale: given['do_rescale'] === false ? 1 : typeof factor === 'number' ? factor : 1 / 255,
    mean:
      given['do_normalize'] === false ? numbers(undefined, channels, 0) : numbers(given['image_mean'], channels, 0.5),
    std: given['do_normalize'] === false ? numbers(undefined, channels, 1) : numbers(given['image_std'], channels, 0.5),
  };
}
