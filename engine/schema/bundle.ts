// The manifest of a bundle: all that a stranger needs to feed a model and read its answers.
import { z } from 'zod';
import { column, task } from './columns.ts';
import { hyper, modelKind } from './plan.ts';
import { seriesFacts } from './series.ts';

/** What one input column of the user becomes. The order of columns within a graph input is the order of this list. */
export const featureSpec = z.object({
  column: z.string(),
  type: column.shape.type,
  as: z.enum(['numeric', 'category', 'text', 'image', 'audio']),
});
export type FeatureSpec = z.infer<typeof featureSpec>;

/** The file `signature` of an exported bundle: over the bytes of manifest.json, which holds the hashes of the other files. */
export const bundleSignature = z.object({
  format: z.literal('neutrino-signature'),
  formatVersion: z.literal(1),
  /** ECDSA over P-256 with SHA-256; the signature is r and s, 32 bytes each (IEEE P1363). */
  algorithm: z.literal('ECDSA-P256-SHA256'),
  /** X.509, PEM. Its SHA-256 is the signer's node id. */
  certificate: z.string().max(8192),
  /** Base64. */
  signature: z.string().max(256),
});
export type BundleSignature = z.infer<typeof bundleSignature>;

/** A tensor of the exported graph; −1 is a variable dimension. */
export const tensorSpec = z.object({ name: z.string(), dtype: z.string(), shape: z.array(z.number().int()) });
export type TensorSpec = z.infer<typeof tensorSpec>;

export const manifest = z.object({
  format: z.literal('neutrino-bundle'),
  formatVersion: z.literal(1),
  name: z.string(),
  version: z.number().int(),
  createdAt: z.number(),
  neutrino: z.string(),
  task,
  family: modelKind,
  hyper,
  seed: z.number().int(),
  target: z.string(),
  /** Classes in the order of the graph's `probabilities`; empty for regression. */
  classes: z.array(z.string()),
  features: z.array(featureSpec),
  inputs: z.array(tensorSpec),
  outputs: z.array(tensorSpec),
  data: z.object({ dataset: z.string(), sha256: z.string(), rows: z.number().int() }),
  /** Headline figures of the report, by name. */
  metrics: z.record(z.string(), z.number()),
  /** Figures of the training columns, for validating and watching inputs. */
  columns: z.array(column),
  /** Takes and gives tensors only: an ONNX file from elsewhere, of which task, target and classes say nothing. */
  tensors: z.literal(true).optional(),
  /** For forecasting. */
  series: seriesFacts.optional(),
  /** SHA-256 of each other file of the bundle, hex, by name. */
  files: z.record(z.string(), z.string()),
});
export type Manifest = z.infer<typeof manifest>;
