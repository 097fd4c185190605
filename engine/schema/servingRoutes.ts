// The routes of serving and monitoring beyond the first ones; `routes` of routes.ts takes them in.
import { z } from 'zod';
import { alertRequest, feedbackRequest, monitorReport } from './monitoring.ts';
import { alert, deployment, run, scoring } from './records.ts';
import type { Route } from './routes.ts';
import { deploymentStatus, servingOptions } from './serving.ts';

const id = z.object({ id: z.string() });
const named = z.object({ name: z.string() });
const versioned = named.extend({ version: z.string() });
const job = named.extend({ id: z.string() });
const none = z.object({});
const done = z.object({ ok: z.literal(true) });
const anything = z.record(z.string(), z.unknown());
const v2Shape = z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.number().int()) });
const v2Model = z.object({
  name: z.string(),
  versions: z.array(z.string()).optional(),
  platform: z.string(),
  inputs: z.array(v2Shape),
  outputs: z.array(v2Shape),
});
const v2Ready = z.object({ name: z.string(), ready: z.boolean() });
const duration = z.object({ count: z.number(), ns: z.number() });
const v2Stats = z.object({
  model_stats: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      last_inference: z.number(),
      inference_count: z.number(),
      execution_count: z.number(),
      inference_stats: z.object({
        success: duration,
        fail: duration,
        queue: duration,
        compute_input: duration,
        compute_infer: duration,
        compute_output: duration,
      }),
      batch_stats: z.array(
        z.object({
          batch_size: z.number(),
          compute_input: duration,
          compute_infer: duration,
          compute_output: duration,
        }),
      ),
    }),
  ),
});
export type V2Stats = z.infer<typeof v2Stats>;

/** MLflow scoring: one of its four forms, and the parameters that some clients send. */
export const invocationRequest = z.object({
  inputs: z.unknown().optional(),
  instances: z.array(z.unknown()).optional(),
  dataframe_split: z
    .object({
      index: z.array(z.unknown()).optional(),
      columns: z.array(z.string()),
      data: z.array(z.array(z.unknown())),
    })
    .optional(),
  dataframe_records: z.array(anything).optional(),
  params: anything.optional(),
});
const invocationAnswer = z.object({ predictions: z.array(z.unknown()) });

export const servingRoutes = {
  'models.ship': {
    method: 'GET',
    path: '/api/v1/models/{id}/ship',
    action: 'models:read',
    summary:
      'Files with which the model runs under Kubernetes or docker compose; the model itself comes from its export',
    params: id,
    query: z.object({
      target: z.enum(['kubernetes', 'compose']),
      name: z
        .string()
        .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'use lower-case letters, digits and hyphens')
        .optional(),
      min: z.coerce.number().int().min(0).max(64).default(1),
      max: z.coerce.number().int().min(1).max(64).default(1),
      image: z
        .string()
        .regex(/^[a-z0-9]+([._/:-][a-z0-9]+)*(:[\w.-]+)?$/i, 'use registry/name:tag')
        .max(255)
        .optional(),
    }),
    response: z.object({ files: z.record(z.string(), z.string()), model: z.string() }),
  },
  'deployments.set': {
    method: 'PUT',
    path: '/api/v1/deployments/{name}',
    action: 'deployments:write',
    summary: 'Set how a deployment batches, guards and watches; what is left out goes back to its default',
    params: named,
    body: servingOptions,
    response: deployment,
  },
  'deployments.promote': {
    method: 'POST',
    path: '/api/v1/deployments/{name}/promote',
    action: 'deployments:write',
    summary: 'Make the canary, the shadow or the other model of a split the stable one',
    params: named,
    body: z.object({ model: z.string().optional() }),
    response: deployment,
  },
  'deployments.status': {
    method: 'GET',
    path: '/api/v1/deployments/{name}/status',
    action: 'deployments:read',
    summary: 'Replicas, queues, batching, latency and errors of a deployment now',
    params: named,
    response: deploymentStatus,
  },
  'deployments.openapi': {
    method: 'GET',
    path: '/api/v1/deployments/{name}/openapi.json',
    action: 'deployments:predict',
    summary: 'OpenAPI of one deployment: its own inputs and outputs',
    params: named,
    response: anything,
  },
  'deployments.invocations': {
    method: 'POST',
    path: '/api/v1/deployments/{name}/invocations',
    action: 'deployments:predict',
    summary: 'Predict by MLflow’s scoring protocol',
    params: named,
    body: invocationRequest,
    response: invocationAnswer,
  },
  'deployments.feedback': {
    method: 'POST',
    path: '/api/v1/deployments/{name}/feedback',
    action: 'deployments:predict',
    summary: 'Say what the right answers were',
    params: named,
    body: feedbackRequest,
    response: z.object({ taken: z.number().int(), unknown: z.number().int() }),
  },
  'deployments.monitor': {
    method: 'GET',
    path: '/api/v1/deployments/{name}/monitor',
    action: 'deployments:read',
    summary: 'Drift by window and live quality',
    params: named,
    response: monitorReport,
  },
  'deployments.forget': {
    method: 'DELETE',
    path: '/api/v1/deployments/{name}/samples',
    action: 'deployments:write',
    summary: 'Erase the requests that were kept, with their labels',
    params: named,
    response: z.object({ erased: z.number().int() }),
  },
  'deployments.retrain': {
    method: 'POST',
    path: '/api/v1/deployments/{name}/retrain',
    action: 'runs:write',
    summary: 'Train the model again with the rows whose right answers came back',
    params: named,
    body: none,
    response: run,
    status: 202,
  },
  'scoring.create': {
    method: 'POST',
    path: '/api/v1/deployments/{name}/jobs',
    action: 'deployments:predict',
    summary: 'Predict every row of a CSV file; the body is the file',
    params: named,
    query: z.object({ filename: z.string().min(1).max(255).default('rows.csv') }),
    stream: 'in',
    response: scoring,
    status: 202,
  },
  'scoring.list': {
    method: 'GET',
    path: '/api/v1/deployments/{name}/jobs',
    action: 'deployments:predict',
    summary: 'Files of predictions',
    params: named,
    response: z.object({ items: z.array(scoring) }),
  },
  'scoring.show': {
    method: 'GET',
    path: '/api/v1/deployments/{name}/jobs/{id}',
    action: 'deployments:predict',
    summary: 'How far a file of predictions is',
    params: job,
    response: scoring,
  },
  'scoring.output': {
    method: 'GET',
    path: '/api/v1/deployments/{name}/jobs/{id}/output',
    action: 'deployments:predict',
    summary: 'The file with its predictions, as CSV',
    params: job,
    stream: 'out',
    response: z.unknown(),
  },
  'scoring.delete': {
    method: 'DELETE',
    path: '/api/v1/deployments/{name}/jobs/{id}',
    action: 'deployments:predict',
    summary: 'Stop a file of predictions and erase it',
    params: job,
    response: done,
  },

  'alerts.list': {
    method: 'GET',
    path: '/api/v1/alerts',
    action: 'deployments:read',
    summary: 'Alert rules and when they spoke',
    response: z.object({ items: z.array(alert) }),
  },
  'alerts.create': {
    method: 'POST',
    path: '/api/v1/alerts',
    action: 'deployments:write',
    summary: 'Watch a deployment and tell somebody',
    body: alertRequest,
    response: alert,
    status: 201,
  },
  'alerts.silence': {
    method: 'POST',
    path: '/api/v1/alerts/{id}/silence',
    action: 'deployments:write',
    summary: 'Say nothing for some minutes; 0 ends the silence',
    params: id,
    body: z.object({ minutes: z.number().min(0).max(525_600) }),
    response: alert,
  },
  'alerts.delete': {
    method: 'DELETE',
    path: '/api/v1/alerts/{id}',
    action: 'deployments:write',
    summary: 'Remove an alert rule',
    params: id,
    response: done,
  },
  'metrics.show': {
    method: 'GET',
    path: '/metrics',
    action: 'system:read',
    summary: 'Prometheus metrics',
    stream: 'out',
    response: z.unknown(),
  },

  'v2.versionModel': {
    method: 'GET',
    path: '/v2/models/{name}/versions/{version}',
    action: 'deployments:predict',
    summary: 'Open Inference Protocol: one version of a model',
    params: versioned,
    response: v2Model,
  },
  'v2.versionReady': {
    method: 'GET',
    path: '/v2/models/{name}/versions/{version}/ready',
    action: 'deployments:predict',
    summary: 'Open Inference Protocol: version ready',
    params: versioned,
    response: v2Ready,
  },
  'v2.allStats': {
    method: 'GET',
    path: '/v2/models/stats',
    action: 'deployments:read',
    summary: 'Open Inference Protocol: statistics of all models',
    response: v2Stats,
  },
  'v2.stats': {
    method: 'GET',
    path: '/v2/models/{name}/stats',
    action: 'deployments:predict',
    summary: 'Open Inference Protocol: statistics',
    params: named,
    response: v2Stats,
  },
  'v2.versionStats': {
    method: 'GET',
    path: '/v2/models/{name}/versions/{version}/stats',
    action: 'deployments:predict',
    summary: 'Open Inference Protocol: statistics of one version',
    params: versioned,
    response: v2Stats,
  },
  'v2.index': {
    method: 'POST',
    path: '/v2/repository/index',
    action: 'deployments:read',
    summary: 'Open Inference Protocol: what may be served',
    body: z.object({ ready: z.boolean().optional() }),
    response: z.array(z.object({ name: z.string(), version: z.string(), state: z.string(), reason: z.string() })),
  },
  'v2.load': {
    method: 'POST',
    path: '/v2/repository/models/{name}/load',
    action: 'deployments:write',
    summary: 'Open Inference Protocol: serve a deployment that was stopped',
    params: named,
    body: anything,
    response: none,
  },
  'v2.unload': {
    method: 'POST',
    path: '/v2/repository/models/{name}/unload',
    action: 'deployments:write',
    summary: 'Open Inference Protocol: stop a deployment',
    params: named,
    body: anything,
    response: none,
  },

  'mlflow.ping': {
    method: 'GET',
    path: '/ping',
    action: 'public',
    summary: 'MLflow scoring: alive',
    response: none,
  },
  'mlflow.version': {
    method: 'GET',
    path: '/version',
    action: 'public',
    summary: 'MLflow scoring: version',
    response: z.object({ version: z.string() }),
  },
  'mlflow.invocations': {
    method: 'POST',
    path: '/invocations',
    action: 'deployments:predict',
    summary: 'MLflow scoring; `deployment` names which, and may be left out while there is one only',
    query: z.object({ deployment: z.string().optional() }),
    body: invocationRequest,
    response: invocationAnswer,
  },
} as const satisfies Record<string, Route>;
