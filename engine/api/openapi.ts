// The OpenAPI 3.1 document, made from the route table and the error table. Says nothing that they do not.
import {
  OpenApiGeneratorV31,
  OpenAPIRegistry,
  type RouteConfig,
  zodToOpenAPIRegistry,
} from '@asteasolutions/zod-to-openapi';
import {
  apiKeyView,
  auditEntry,
  column,
  dataset,
  datasetShape,
  deployment,
  device,
  type ErrorCode,
  errorCodes,
  experiment,
  httpStatus,
  importOptions,
  importRequest,
  liveEvent,
  metricPoint,
  model,
  predictRequest,
  predictResponse,
  principal,
  progress,
  type Route,
  report,
  routes,
  run,
  runPlan,
  systemInfo,
  trainRequest,
  v2InferRequest,
  v2InferResponse,
} from '../schema/index.ts';

/** Schemas that get a name of their own in the document. */
const named = {
  ApiKey: apiKeyView,
  AuditEntry: auditEntry,
  Column: column,
  Dataset: dataset,
  DatasetShape: datasetShape,
  Deployment: deployment,
  Device: device,
  Experiment: experiment,
  ImportOptions: importOptions,
  ImportRequest: importRequest,
  InferRequest: v2InferRequest,
  InferResponse: v2InferResponse,
  LiveEvent: liveEvent,
  MetricPoint: metricPoint,
  Model: model,
  PredictRequest: predictRequest,
  PredictResponse: predictResponse,
  Principal: principal,
  Progress: progress,
  Report: report,
  Run: run,
  RunPlan: runPlan,
  SystemInfo: systemInfo,
  TrainRequest: trainRequest,
};

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

/** The document of this version's API. */
export function openApiDocument(version: string): OpenApiDocument {
  for (const [refId, schema] of Object.entries(named)) {
    if (!zodToOpenAPIRegistry.has(schema)) zodToOpenAPIRegistry.add(schema, { _internal: { refId } });
  }
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key: `Authorization: Bearer nk_…`.',
  });
  registry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'neutrino_7317',
    description: 'Set by `POST /api/v1/session`; the number is the server’s port. Changes need the Origin header too.',
  });
  registry.registerComponent('schemas', 'Error', {
    type: 'object',
    properties: {
      error: {
        type: 'object',
        properties: {
          code: { type: 'string', enum: [...errorCodes] },
          message: { type: 'string', description: 'What went wrong and what to do about it.' },
          details: { type: 'object', additionalProperties: true },
        },
        required: ['code', 'message'],
      },
    },
    required: ['error'],
  });
  registry.registerComponent('schemas', 'InferenceError', {
    type: 'object',
    properties: { error: { type: 'string' } },
    required: ['error'],
  });
  for (const [status, codes] of codesByStatus()) {
    for (const form of ['Error', 'InferenceError'] as const) {
      registry.registerComponent('responses', `${form}${status}`, {
        description: codes.map((code) => `\`${code}\``).join(', '),
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${form}` } } },
      });
    }
  }
  for (const [name, route] of Object.entries(routes)) registry.registerPath(operation(name, route));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Neutrino',
      version,
      description:
        'A private AI cloud: datasets, training runs, models, deployments. Every answer is JSON unless said otherwise.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This appliance' }],
    tags: [...new Set(Object.keys(routes).map(subjectOf))].map((tag) => ({ name: tag })),
  });
}

/** The subject of a route: the part of its name before the dot. */
const subjectOf = (name: string): string => name.split('.', 1)[0] ?? name;

function operation(name: string, route: Route): RouteConfig {
  const isPublic = route.action === 'public';
  return {
    operationId: name,
    method: route.method.toLowerCase() as RouteConfig['method'],
    path: route.path,
    summary: route.summary,
    tags: [subjectOf(name)],
    'x-action': route.action,
    security: isPublic ? [] : [{ key: [] }, { session: [] }],
    request: {
      ...(route.params ? { params: route.params } : {}),
      ...(route.query ? { query: route.query } : {}),
      ...bodyOf(route),
    },
    responses: {
      [String(route.status ?? 200)]: {
        description: route.stream === 'out' ? 'The bytes' : 'Done',
        content: answerOf(route),
      },
      ...Object.fromEntries(
        statusesOf(route).map((status) => [
          String(status),
          { $ref: `#/components/responses/${route.path.startsWith('/v2') ? 'InferenceError' : 'Error'}${status}` },
        ]),
      ),
    },
  };
}

const bytes = { type: 'string', contentMediaType: 'application/octet-stream' } as const;

function bodyOf(route: Route): Pick<NonNullable<RouteConfig['request']>, 'body'> {
  if (route.stream === 'in') {
    return { body: { required: true, content: { 'application/octet-stream': { schema: bytes } } } };
  }
  return route.body ? { body: { required: true, content: { 'application/json': { schema: route.body } } } } : {};
}

function answerOf(route: Route) {
  if (route.stream === 'out') return { 'application/octet-stream': { schema: bytes } };
  return { 'application/json': { schema: route.response } };
}

/** Error statuses that a route can answer; what a failing machine answers (507 and the like) is left to `Error500`. */
function statusesOf(route: Route): number[] {
  const found = [421, 429, 500, 503];
  if (route.params || route.query || route.body) found.push(400);
  if (route.action !== 'public' || route.body) found.push(401);
  if (route.action !== 'public') found.push(403);
  if (route.params) found.push(404);
  if (route.method !== 'GET') found.push(409);
  if (route.body || route.stream === 'in') found.push(413, 422);
  if (route.action === 'deployments:predict') found.push(502, 504);
  return found.sort((a, b) => a - b);
}

/** The error table turned round. */
function codesByStatus(): Map<number, ErrorCode[]> {
  const found = new Map<number, ErrorCode[]>();
  for (const code of errorCodes) found.set(httpStatus[code], [...(found.get(httpStatus[code]) ?? []), code]);
  return found;
}
