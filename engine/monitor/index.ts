// Monitoring: Prometheus metrics, drift against the training data, labels that come back, alerts. Imported by jobs/, which
// feeds it; it stores nothing and knows no HTTP.
export { reasonOf, reasonOfDrift, reasonOver, type Reason } from './alarm.ts';
export { createMetrics, type Metrics, type Scraped } from './metrics.ts';
export { createComparer, figuresComparer, type Subject, type Values } from './reference.ts';
export { tell } from './tell.ts';
export { createWatch, predictionName, read, type Reference, saidOf, type Watch } from './watch.ts';
