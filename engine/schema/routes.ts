// The REST API as one table: method, path, who may call it, and the schemas of what goes in and out. The server mounts
// it, the OpenAPI page prints it, and the client is typed by it, so that the three cannot disagree.
import { z } from 'zod';
import { roomJob } from './room.ts';
import { clusterFinding, clusterStatus, pairing, peerView } from './cluster.ts';
import { exportFormats, importOptions } from './columns.ts';
import { liveEvent } from './events.ts';
import { hyper, modelKind, trainRequest } from './plan.ts';
import {
  apiKeyView,
  auditEntry,
  dataset,
  deployment,
  experiment,
  fault,
  model,
  principal,
  role,
  run,
} from './records.ts';
import { importRoutes } from './importRoutes.ts';
import { openaiRoutes } from './openai.ts';
import { thingName } from './names.ts';
import { judgedQuery, judgedRows, outcomeCurves } from './outcomes.ts';
import { metricPoint } from './report.ts';
import { forecastStep, seriesFacts } from './series.ts';
import { canaryRules, servingOptions } from './serving.ts';
import { dataRoutes } from './dataRoutes.ts';
import { servingRoutes } from './servingRoutes.ts';

/** What a role may be allowed to do; security/ holds the table of roles. `public` needs no key. */
export const actions = [
  'public',
  'session',
  'datasets:read',
  'datasets:write',
  'runs:read',
  'runs:write',
  'models:read',
  'models:write',
  'deployments:read',
  'deployments:write',
  'deployments:predict',
  'keys:read',
  'keys:write',
  'audit:read',
  'system:read',
  'system:write',
] as const;
export type Action = (typeof actions)[number];

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below the server's root, with `{name}` parameters. */
  path: string;
  action: Action;
  summary: string;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** `stream`: the body or the answer is raw bytes that never become JSON. */
  stream?: 'in' | 'out';
  /** A body that is no JSON is taken as bytes too (`Call.bytes`). */
  bytes?: boolean;
  response: z.ZodType;
  status?: number;
}

const id = z.object({ id: z.string() });
const named = z.object({ name: z.string() });
const none = z.object({});
const done = z.object({ ok: z.literal(true) });

/** Cursor paging: pass `next` of one page as `cursor` of the following one. */
const listQuery = z.object({
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  /** Words that must all occur in the record's names. */
  search: z.string().max(200).optional(),
  state: z.string().optional(),
  /** Field to sort by, `-` in front for falling; `-createdAt` when left out. Nested fields as `metrics.val.loss`. */
  sort: z.string().max(100).optional(),
});
/** Which runs are meant, beside words and a state; a dataset by id or name, an experiment too. */
const runFilter = {
  experiment: z.string().optional(),
  dataset: z.string().optional(),
  family: z.string().optional(),
};
const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().optional(), total: z.number().int() });

/** A value of one cell as JSON. */
const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export const rowObject = z.record(z.string(), cell);

/** How a model that writes texts decodes. Greedy when nothing is set. */
export const generateOptions = z.object({
  /** Most tokens written; what fits the model when left out, 256 at most. */
  maxTokens: z.number().int().min(1).max(100_000).optional(),
  /** Divides the logits before a token is drawn; 0 takes the likeliest. */
  temperature: z.number().min(0).max(10).optional(),
  /** Draws among so many likeliest tokens. */
  topK: z.number().int().min(1).optional(),
  /** Draws among the fewest tokens that have this share together (Holtzman et al. 2020). */
  topP: z.number().gt(0).max(1).optional(),
  /** Beams of a beam search; 1 is none. Not with a temperature. */
  beams: z.number().int().min(1).max(32).optional(),
  /** A beam's log-likelihood is divided by its length to this power (Wu et al. 2016's idea, as transformers has it). */
  lengthPenalty: z.number().min(-5).max(5).optional(),
  /** The text ends before any of these. */
  stop: z.array(z.string().min(1).max(200)).max(16).optional(),
  /** Decides the draws. */
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .optional(),
});
export type GenerateOptions = z.infer<typeof generateOptions>;

export const predictRequest = z.object({
  /** A row as an object of column → value, a text for models with one text column, or the rows behind for a forecast. */
  inputs: z
    .array(z.union([rowObject, z.string(), z.object({ history: z.array(rowObject).min(1).max(100_000) }).strict()]))
    .min(1),
  /** For models that write texts. */
  generate: generateOptions.optional(),
});
export const predictResponse = z.object({
  outputs: z.array(
    z.union([
      z.object({ label: z.string(), scores: z.record(z.string(), z.number()) }),
      z.object({ value: z.number() }),
      z.object({
        text: z.string(),
        /** Tokens read and written. */
        tokens: z.object({ prompt: z.number().int(), written: z.number().int() }),
        /** `stop`: the model or a stop word ended it; `length`: there was no more room. */
        finish: z.enum(['stop', 'length']),
        /** Natural logarithm of the probability of the written tokens. */
        logProbability: z.number(),
      }),
      /** A text's vector of length 1, and its tokens. */
      z.object({ embedding: z.array(z.number()), tokens: z.number().int() }),
      /** What comes after the rows that were sent. */
      z.object({ forecast: z.array(forecastStep) }),
      /** The best items for a user, best first. */
      z.object({ items: z.array(z.object({ item: z.string(), score: z.number() })) }),
      z.object({
        anomaly: z.boolean(),
        /** Share of usual rows that are less unusual than this one. */
        score: z.number(),
        error: z.number(),
        /** Columns with the greatest shares in the error. */
        why: z.array(z.object({ column: z.string(), share: z.number() })),
      }),
    ]),
  ),
  model: z.string(),
  version: z.number().int(),
  /** Of this answer, to send the right labels back with. */
  id: z.string().optional(),
  /** Inputs that are unlike the training data, where the deployment warns of them. */
  warnings: z.array(z.string()).optional(),
});
/** What a single answer rests on: what it loses when a word or a column is left out, the greatest change first. */
export const explanation = z.object({
  output: predictResponse.shape.outputs.element,
  parts: z.array(
    z.object({
      column: z.string(),
      /** A word of a text, and where it begins. */
      text: z.string().optional(),
      at: z.number().int().optional(),
      /** Of the share of the class that was named, or of the number. */
      drop: z.number(),
    }),
  ),
});
export type Explanation = z.infer<typeof explanation>;
export type PredictRequest = z.infer<typeof predictRequest>;
export type PredictResponse = z.infer<typeof predictResponse>;

/** A model family: what it is for, and what may be set of it with which values. */
export const familyInfo = z.object({
  name: modelKind,
  says: z.string(),
  hyper: z.array(
    z.object({
      name: z.string(),
      says: z.string(),
      default: hyper.valueType,
      /** Which values are taken, in words. */
      takes: z.string(),
    }),
  ),
});

export const device = z.object({
  id: z.string(),
  name: z.string(),
  available: z.boolean(),
  why: z.string().optional(),
});
export type Device = z.infer<typeof device>;

export const systemInfo = z.object({
  name: z.string(),
  version: z.string(),
  nodeId: z.string(),
  startedAt: z.number(),
  dataDir: z.string().optional(),
  cores: z.number().int(),
  memory: z.object({ total: z.number(), free: z.number() }),
  disk: z.object({ total: z.number(), free: z.number(), used: z.number() }),
  devices: z.array(device),
  leases: z.array(
    z.object({ id: z.string(), holder: z.string(), device: z.string(), threads: z.number().int(), memory: z.number() }),
  ),
  vault: z.object({
    id: z.string(),
    wraps: z.array(z.object({ id: z.string(), kind: z.string(), createdAt: z.number() })),
  }),
});
export type SystemInfo = z.infer<typeof systemInfo>;

const deployRequest = z.object({
  /** Model id, `name`, or `name@version`. */
  model: z.string(),
  name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'use lower-case letters, digits and hyphens')
    .optional(),
  replicas: z.object({ min: z.number().int().min(0).max(64), max: z.number().int().min(1).max(64) }).optional(),
  /** Gives the model this part of the traffic, in per cent, and takes it back when it fails more or answers slower. */
  canary: canaryRules.extend({ weight: z.number().min(0).max(100).default(10) }).optional(),
  /** Asks the model too and only compares its answers. */
  shadow: z.boolean().optional(),
  /** Gives the model this part of the traffic, in per cent, until it is promoted or rolled back. */
  weight: z.number().min(0).max(100).optional(),
  options: servingOptions.optional(),
});

const keyRequest = z.object({
  role,
  name: thingName.default('key'),
  principal: thingName.default('owner'),
  deployments: z.array(z.string()).optional(),
  /** Days until it expires; never when left out. */
  days: z.number().positive().max(3650).optional(),
});

export const importRequest = z.object({
  /** A file or folder on the appliance's machine: same user over loopback, or below a listed folder. */
  path: z.string().min(1).optional(),
  /** Id of a finished upload. */
  upload: z.string().optional(),
  /** Address of a file, a folder or a database elsewhere: https, s3, webhdfs or postgres. */
  url: z.string().max(2000).optional(),
  /** Name of the credential for it. */
  credential: z.string().optional(),
  /** What to select from a database. */
  query: z.string().max(100_000).optional(),
  /** A table as text, as it was pasted: CSV, tabs, or JSON. */
  text: z.string().max(8_000_000).optional(),
  name: thingName.optional(),
  options: importOptions.optional(),
});

/** Query of an upload; the body is the file itself. */
export const uploadQuery = z.object({
  filename: z.string().min(1).max(255),
  name: thingName.optional(),
  /** JSON of import options. */
  options: z.string().max(100_000).optional(),
});

const sessionRequest = z.union([z.object({ key: z.string() }), z.object({ ticket: z.string() })]);
const sessionInfo = z.object({
  principal: z.string(),
  role,
  /** Milliseconds since 1970; absent for a caller that came with a key and not by cookie. */
  expiresAt: z.number().optional(),
});

/** Open Inference Protocol v2 (KServe): tensors in JSON. */
const v2Tensor = z.object({
  name: z.string(),
  shape: z.array(z.number().int().min(0)),
  datatype: z.string(),
  parameters: z.record(z.string(), z.unknown()).optional(),
  data: z.array(z.unknown()),
});
const v2Params = z.record(z.string(), z.unknown()).optional();
export const v2InferRequest = z.object({
  id: z.string().optional(),
  parameters: v2Params,
  inputs: z.array(v2Tensor).min(1),
  outputs: z.array(z.object({ name: z.string(), parameters: v2Params })).optional(),
});
/** A request whose tensors may follow its JSON as bytes. */
export const v2BinaryRequest = v2InferRequest.extend({
  inputs: z.array(v2Tensor.extend({ data: z.array(z.unknown()).optional() })).min(1),
});
export const v2InferResponse = z.object({
  model_name: z.string(),
  model_version: z.string().optional(),
  id: z.string().optional(),
  parameters: v2Params,
  outputs: z.array(v2Tensor),
});
/** Clients look at either name; the status decides. */
const v2Health = z.object({ live: z.boolean(), ready: z.boolean() });
const v2Shape = z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.number().int()) });
const v2Model = z.object({
  name: z.string(),
  versions: z.array(z.string()).optional(),
  platform: z.string(),
  inputs: z.array(v2Shape),
  outputs: z.array(v2Shape),
});

export const routes = {
  'session.create': {
    method: 'POST',
    path: '/api/v1/session',
    action: 'public',
    summary: 'Log a browser in with a key or a one-time ticket',
    body: sessionRequest,
    response: sessionInfo,
  },
  'session.show': {
    method: 'GET',
    path: '/api/v1/session',
    action: 'session',
    summary: 'Who is logged in',
    response: sessionInfo,
  },
  'session.end': { method: 'DELETE', path: '/api/v1/session', action: 'session', summary: 'Log out', response: done },
  'session.ticket': {
    method: 'POST',
    path: '/api/v1/session/ticket',
    action: 'system:write',
    summary: 'A one-time ticket that opens a browser session',
    body: none,
    response: z.object({ ticket: z.string(), url: z.string() }),
  },

  'datasets.list': {
    method: 'GET',
    path: '/api/v1/datasets',
    action: 'datasets:read',
    summary: 'List datasets',
    query: listQuery,
    response: page(dataset.omit({ versions: true, recipe: true })),
  },
  'datasets.import': {
    method: 'POST',
    path: '/api/v1/datasets',
    action: 'datasets:write',
    summary: 'Import a file or folder of the appliance’s machine, an upload, an address, or a pasted table',
    body: importRequest,
    response: dataset,
    status: 202,
  },
  'datasets.upload': {
    method: 'POST',
    path: '/api/v1/datasets/upload',
    action: 'datasets:write',
    summary: 'Import the bytes of the request body',
    query: uploadQuery,
    stream: 'in',
    response: dataset,
    status: 202,
  },
  'datasets.show': {
    method: 'GET',
    path: '/api/v1/datasets/{id}',
    action: 'datasets:read',
    summary: 'One dataset, by id or name',
    params: id,
    response: dataset,
  },
  'datasets.rows': {
    method: 'GET',
    path: '/api/v1/datasets/{id}/rows',
    action: 'datasets:read',
    summary: 'Rows of a dataset',
    params: id,
    query: z.object({
      offset: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).max(1000).default(50),
    }),
    response: z.object({ columns: z.array(z.string()), rows: z.array(z.array(cell)), total: z.number().int() }),
  },
  'datasets.export': {
    method: 'GET',
    path: '/api/v1/datasets/{id}/export',
    action: 'datasets:read',
    summary: 'The dataset as a file: csv, jsonl, json, parquet, arrow, xlsx, sqlite, or zip for images and sound',
    params: id,
    query: z.object({ format: z.enum(exportFormats).default('csv') }),
    stream: 'out',
    response: z.unknown(),
  },
  'datasets.delete': {
    method: 'DELETE',
    path: '/api/v1/datasets/{id}',
    action: 'datasets:write',
    summary: 'Erase a dataset and its key',
    params: id,
    response: done,
  },

  'experiments.list': {
    method: 'GET',
    path: '/api/v1/experiments',
    action: 'runs:read',
    summary: 'List experiments',
    query: listQuery,
    response: page(experiment),
  },
  'experiments.show': {
    method: 'GET',
    path: '/api/v1/experiments/{id}',
    action: 'runs:read',
    summary: 'One experiment and its runs',
    params: id,
    response: z.object({ experiment, runs: z.array(run) }),
  },

  'families.list': {
    method: 'GET',
    path: '/api/v1/families',
    action: 'runs:read',
    summary: 'Model families and their hyper-parameters',
    response: z.object({ items: z.array(familyInfo) }),
  },
  'runs.list': {
    method: 'GET',
    path: '/api/v1/runs',
    action: 'runs:read',
    summary: 'List runs',
    query: listQuery.extend(runFilter),
    response: page(run),
  },
  'runs.groups': {
    method: 'GET',
    path: '/api/v1/runs/groups',
    action: 'runs:read',
    summary: 'Runs by experiment, dataset or family: how many, how they ended, their scores',
    query: listQuery
      .pick({ search: true, state: true })
      .extend({ ...runFilter, by: z.enum(['experiment', 'dataset', 'family']).default('experiment') }),
    response: z.object({
      items: z.array(
        z.object({
          /** Id of the experiment or dataset, or the family: what `runs.list` filters by. */
          key: z.string(),
          name: z.string(),
          runs: z.number().int(),
          finished: z.number().int(),
          failed: z.number().int(),
          /** When the newest was made. */
          newest: z.number(),
          /** The figure that most of its reports lead with, over the runs that have it. */
          score: z
            .object({
              metric: z.string(),
              of: z.number().int(),
              mean: z.number(),
              /** Standard deviation. */
              spread: z.number(),
              best: z.number(),
              run: z.object({ id: z.string(), name: z.string() }),
            })
            .optional(),
        }),
      ),
    }),
  },
  'runs.create': {
    method: 'POST',
    path: '/api/v1/runs',
    action: 'runs:write',
    summary: 'Train a model',
    body: trainRequest,
    response: run,
    status: 202,
  },
  'runs.show': {
    method: 'GET',
    path: '/api/v1/runs/{id}',
    action: 'runs:read',
    summary: 'One run',
    params: id,
    response: run,
  },
  'runs.metrics': {
    method: 'GET',
    path: '/api/v1/runs/{id}/metrics',
    action: 'runs:read',
    summary: 'The curves of a run',
    params: id,
    response: z.object({ points: z.array(metricPoint) }),
  },
  'runs.outcomes': {
    method: 'GET',
    path: '/api/v1/runs/{id}/outcomes',
    action: 'runs:read',
    summary:
      'Curves over the scores of the test part: ROC, precision and recall, reliability; or truths and predictions',
    params: id,
    response: outcomeCurves,
  },
  'runs.judged': {
    method: 'GET',
    path: '/api/v1/runs/{id}/judged',
    action: 'datasets:read',
    summary: 'Test rows by what was true and what was said of them: those misjudged when no class is named',
    params: id,
    query: judgedQuery,
    response: judgedRows,
  },
  'runs.stop': {
    method: 'POST',
    path: '/api/v1/runs/{id}/stop',
    action: 'runs:write',
    summary: 'Stop a run and keep its best state',
    params: id,
    body: none,
    response: run,
  },
  'runs.resume': {
    method: 'POST',
    path: '/api/v1/runs/{id}/resume',
    action: 'runs:write',
    summary: 'Go on from the newest checkpoint',
    params: id,
    body: none,
    response: run,
    status: 202,
  },
  'runs.compare': {
    method: 'GET',
    path: '/api/v1/runs/compare',
    action: 'runs:read',
    summary: 'Runs side by side: what differs in their settings, and their figures',
    query: z.object({ ids: z.string() }),
    response: z.object({
      runs: z.array(run),
      differs: z.array(z.object({ field: z.string(), values: z.array(z.unknown()) })),
    }),
  },

  'models.list': {
    method: 'GET',
    path: '/api/v1/models',
    action: 'models:read',
    summary: 'List models',
    query: listQuery,
    response: page(model),
  },
  'models.show': {
    method: 'GET',
    path: '/api/v1/models/{id}',
    action: 'models:read',
    summary: 'One model, by id, name or name@version',
    params: id,
    response: model,
  },
  'models.export': {
    method: 'GET',
    path: '/api/v1/models/{id}/export',
    action: 'models:read',
    summary: 'The model as a .neutrino bundle (a zip with model.onnx)',
    params: id,
    stream: 'out',
    response: z.unknown(),
  },
  'models.import': {
    method: 'POST',
    path: '/api/v1/models',
    action: 'models:write',
    summary: 'Import a .neutrino bundle',
    query: z.object({ name: thingName.optional() }),
    stream: 'in',
    response: model,
    status: 201,
  },
  'models.adopt': {
    method: 'POST',
    path: '/api/v1/models/pretrained',
    action: 'models:write',
    summary: 'Import a pretrained model from a folder or an ONNX file on the appliance’s machine',
    body: z.object({
      /** A Hugging Face folder (config.json, model.safetensors, tokenizer.json or vocab.txt), or an ONNX file. */
      path: z.string().min(1),
      name: thingName.optional(),
      /** Value of an ONNX file that a head reads: an output, or any value between its nodes. */
      output: z.string().min(1).optional(),
      /** Takes an ONNX file only to be served, with tensors in and out: it may have any operator that the runtime knows. */
      asIs: z.boolean().default(false),
    }),
    response: model,
    status: 201,
  },
  'models.predict': {
    method: 'POST',
    path: '/api/v1/models/{id}/predict',
    action: 'deployments:predict',
    summary: 'Predict once with a model that is not deployed',
    params: id,
    body: predictRequest,
    response: predictResponse,
  },
  'models.explain': {
    method: 'POST',
    path: '/api/v1/models/{id}/explain',
    action: 'deployments:predict',
    summary: 'What one answer rests on: the input asked again without each word or column',
    params: id,
    body: z.object({ input: predictRequest.shape.inputs.element }),
    response: explanation,
  },
  'models.delete': {
    method: 'DELETE',
    path: '/api/v1/models/{id}',
    action: 'models:write',
    summary: 'Erase a model and its key',
    params: id,
    response: done,
  },

  'deployments.list': {
    method: 'GET',
    path: '/api/v1/deployments',
    action: 'deployments:read',
    summary: 'List deployments',
    query: listQuery,
    response: page(deployment),
  },
  'deployments.create': {
    method: 'POST',
    path: '/api/v1/deployments',
    action: 'deployments:write',
    summary: 'Serve a model, or move a deployment to another one',
    body: deployRequest,
    response: deployment,
    status: 201,
  },
  'deployments.show': {
    method: 'GET',
    path: '/api/v1/deployments/{name}',
    action: 'deployments:read',
    summary: 'One deployment',
    params: named,
    response: deployment,
  },
  'deployments.predict': {
    method: 'POST',
    path: '/api/v1/deployments/{name}/predict',
    action: 'deployments:predict',
    summary: 'Predict',
    params: named,
    body: predictRequest,
    response: predictResponse,
  },
  'deployments.schema': {
    method: 'GET',
    path: '/api/v1/deployments/{name}/schema',
    action: 'deployments:predict',
    summary: 'What a deployment’s inputs and outputs look like',
    params: named,
    response: z.object({
      inputs: z.array(
        z.object({ column: z.string(), type: z.string(), values: z.array(z.string()).optional(), example: cell }),
      ),
      classes: z.array(z.string()),
      example: predictRequest,
      /** For models that write texts: whether they go on with a text or write another one for it. */
      writes: z.enum(['language-model', 'text-to-text']).optional(),
      /** For forecasting: what rows are sent for one. */
      series: seriesFacts.optional(),
    }),
  },
  'deployments.rollback': {
    method: 'POST',
    path: '/api/v1/deployments/{name}/rollback',
    action: 'deployments:write',
    summary: 'Serve the model before this one',
    params: named,
    body: none,
    response: deployment,
  },
  'deployments.stop': {
    method: 'DELETE',
    path: '/api/v1/deployments/{name}',
    action: 'deployments:write',
    summary: 'Stop serving',
    params: named,
    response: deployment,
  },

  'cluster.status': {
    method: 'GET',
    path: '/api/v1/cluster',
    action: 'system:read',
    summary: 'How this machine stands in its room, and the pairings under way',
    response: clusterStatus,
  },
  'cluster.diagnose': {
    method: 'GET',
    path: '/api/v1/cluster/diagnose',
    action: 'system:write',
    summary: 'Why a machine is not seen or not linked',
    response: z.object({ findings: z.array(clusterFinding) }),
  },
  'datasets.keep': {
    method: 'PATCH',
    path: '/api/v1/datasets/{id}',
    action: 'datasets:write',
    summary: 'Whether a dataset stays on this machine, and whether federated runs of peers may train on it here',
    params: id,
    body: z.object({ stays: z.boolean().optional(), federates: z.boolean().optional() }),
    response: dataset,
  },
  'cluster.jobs': {
    method: 'GET',
    path: '/api/v1/cluster/jobs',
    action: 'system:read',
    summary: 'Runs over several machines that go on here, led or helped with, and those that ended lately',
    response: z.object({ items: z.array(roomJob) }),
  },
  'cluster.endJob': {
    method: 'DELETE',
    path: '/api/v1/cluster/jobs/{id}',
    action: 'system:write',
    summary: 'Stop helping with another machine’s run',
    params: id,
    response: done,
  },
  'peers.list': {
    method: 'GET',
    path: '/api/v1/peers',
    action: 'system:read',
    summary: 'The machines of the room: trusted ones, and those that are only seen',
    response: z.object({ items: z.array(peerView) }),
  },
  'peers.show': {
    method: 'GET',
    path: '/api/v1/peers/{id}',
    action: 'system:read',
    summary: 'One machine, by id, the start of one, name or address',
    params: id,
    response: peerView,
  },
  'peers.pair': {
    method: 'POST',
    path: '/api/v1/peers/pair',
    action: 'system:write',
    summary: 'Begin to pair with a machine; both screens then show the same code',
    body: z.object({ node: z.string().min(1).max(300) }),
    response: pairing,
  },
  'peers.confirm': {
    method: 'POST',
    path: '/api/v1/peers/{id}/confirm',
    action: 'system:write',
    summary: 'Say that the codes agree; a code that is given is compared',
    params: id,
    body: z.object({ code: z.string().max(20).optional() }),
    response: pairing,
  },
  'peers.reject': {
    method: 'POST',
    path: '/api/v1/peers/{id}/reject',
    action: 'system:write',
    summary: 'Refuse a pairing',
    params: id,
    body: none,
    response: done,
  },
  'peers.update': {
    method: 'PATCH',
    path: '/api/v1/peers/{id}',
    action: 'system:write',
    summary: 'What a machine may do here',
    params: id,
    body: z.object({
      permissions: z.object({
        train: z.boolean().optional(),
        data: z.boolean().optional(),
        serve: z.boolean().optional(),
      }),
    }),
    response: peerView,
  },
  'peers.measure': {
    method: 'POST',
    path: '/api/v1/peers/{id}/measure',
    action: 'system:write',
    summary: 'Measure the bandwidth of the link to a machine',
    params: id,
    body: none,
    response: z.object({ bandwidth: z.number() }),
  },
  'peers.unpair': {
    method: 'DELETE',
    path: '/api/v1/peers/{id}',
    action: 'system:write',
    summary: 'Stop trusting a machine, at once',
    params: id,
    response: done,
  },

  'keys.list': {
    method: 'GET',
    path: '/api/v1/keys',
    action: 'keys:read',
    summary: 'List keys',
    query: listQuery,
    response: page(apiKeyView),
  },
  'keys.create': {
    method: 'POST',
    path: '/api/v1/keys',
    action: 'keys:write',
    summary: 'Make a key; its secret is shown this once',
    body: keyRequest,
    response: z.object({ key: apiKeyView, secret: z.string() }),
    status: 201,
  },
  'keys.revoke': {
    method: 'DELETE',
    path: '/api/v1/keys/{id}',
    action: 'keys:write',
    summary: 'Revoke a key at once',
    params: id,
    response: apiKeyView,
  },
  'principals.list': {
    method: 'GET',
    path: '/api/v1/principals',
    action: 'keys:read',
    summary: 'People and services that hold keys',
    query: listQuery,
    response: page(principal),
  },

  'audit.list': {
    method: 'GET',
    path: '/api/v1/audit',
    action: 'audit:read',
    summary: 'The audit chain, newest first',
    query: z.object({
      before: z.coerce.number().int().optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
    response: z.object({ entries: z.array(auditEntry), total: z.number().int() }),
  },
  'audit.verify': {
    method: 'GET',
    path: '/api/v1/audit/verify',
    action: 'audit:read',
    summary: 'Check every link of the audit chain',
    response: z.object({
      ok: z.boolean(),
      entries: z.number().int(),
      broken: z.object({ seq: z.number().int(), why: z.string() }).optional(),
    }),
  },

  'system.backup': {
    method: 'GET',
    path: '/api/v1/system/backup',
    action: 'system:write',
    summary: 'Everything, still encrypted, as one file to restore from',
    stream: 'out',
    response: z.unknown(),
  },
  'system.show': {
    method: 'GET',
    path: '/api/v1/system',
    action: 'system:read',
    summary: 'This machine and what it is doing',
    response: systemInfo,
  },
  'system.health': {
    method: 'GET',
    path: '/api/v1/system/health',
    action: 'public',
    summary: 'Whether the appliance answers',
    response: z.object({ ok: z.literal(true), version: z.string() }),
  },
  'events.list': {
    method: 'GET',
    path: '/api/v1/events',
    action: 'session',
    summary: 'Live events (WebSocket; a plain GET answers those after `after`)',
    query: z.object({ after: z.coerce.number().int().optional() }),
    response: z.object({ events: z.array(liveEvent) }),
  },

  'v2.live': {
    method: 'GET',
    path: '/v2/health/live',
    action: 'public',
    summary: 'Open Inference Protocol: alive',
    response: v2Health,
  },
  'v2.ready': {
    method: 'GET',
    path: '/v2/health/ready',
    action: 'public',
    summary: 'Open Inference Protocol: ready',
    response: v2Health,
  },
  'v2.server': {
    method: 'GET',
    path: '/v2',
    action: 'public',
    summary: 'Open Inference Protocol: server',
    response: z.object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) }),
  },
  'v2.model': {
    method: 'GET',
    path: '/v2/models/{name}',
    action: 'deployments:predict',
    summary: 'Open Inference Protocol: model',
    params: named,
    response: v2Model,
  },
  'v2.modelReady': {
    method: 'GET',
    path: '/v2/models/{name}/ready',
    action: 'deployments:predict',
    summary: 'Open Inference Protocol: model ready',
    params: named,
    response: z.object({ name: z.string(), ready: z.boolean() }),
  },
  'v2.infer': {
    method: 'POST',
    path: '/v2/models/{name}/infer',
    action: 'deployments:predict',
    summary: 'Open Inference Protocol: infer on the exported graph’s own tensors',
    params: named,
    bytes: true,
    body: v2InferRequest,
    response: v2InferResponse,
  },
  'v2.versionInfer': {
    method: 'POST',
    path: '/v2/models/{name}/versions/{version}/infer',
    action: 'deployments:predict',
    summary: 'Open Inference Protocol: infer with one version',
    params: named.extend({ version: z.string() }),
    bytes: true,
    body: v2InferRequest,
    response: v2InferResponse,
  },
  ...dataRoutes,
  ...importRoutes,
  ...servingRoutes,
  ...openaiRoutes,
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;
type Table = typeof routes;
type In<R, F extends string> = R extends { [K in F]: infer S extends z.ZodType } ? z.input<S> : undefined;
type Out<R, F extends string> = R extends { [K in F]: infer S extends z.ZodType } ? z.output<S> : undefined;

/** What a caller passes for a route. */
export type RouteArguments<N extends RouteName> = {
  [F in 'params' | 'query' | 'body' as Table[N] extends { [K in F]: z.ZodType } ? F : never]: In<Table[N], F>;
};
/** What a handler receives for a route, checked. */
export type RouteInput<N extends RouteName> = {
  params: Out<Table[N], 'params'>;
  query: Out<Table[N], 'query'>;
  body: Out<Table[N], 'body'>;
};
/** What a handler answers, and a caller gets. */
export type RouteAnswer<N extends RouteName> = z.output<Table[N]['response']>;

/** Body of every error answer. */
export const errorBody = z.object({ error: fault });
