// Feeding: the order of rows, and windows of them read beside the steps.
export { type Feed, openFeed } from './feed.ts';
export { type FedRows, loadRows } from './load.ts';
export { bytesOfRow, type Cut, cutDataset, type Epoch, orderOf, windowBytes } from './order.ts';
