// The operator table: every operator a graph may hold.
import type { Node } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import { convOps } from './ops/conv.ts';
import { elementwiseOps } from './ops/elementwise.ts';
import { gatherOps } from './ops/gather.ts';
import { linearOps } from './ops/linear.ts';
import { mlOps } from './ops/ml.ts';
import { normOps } from './ops/norm.ts';
import { recurrentOps } from './ops/recurrent.ts';
import { reduceOps } from './ops/reduce.ts';
import { shapeOps } from './ops/shape.ts';
import { nameNode, type OpRule, type OpTable } from './rule.ts';

export const opTable: OpTable = {
  ...elementwiseOps,
  ...linearOps,
  ...reduceOps,
  ...shapeOps,
  ...gatherOps,
  ...convOps,
  ...normOps,
  ...recurrentOps,
  ...mlOps,
};

/** The rule of a node's operator; throws `unsupported_operator` naming the operator and where it stands. */
export function ruleOf(node: Node): OpRule {
  const rule = Object.hasOwn(opTable, node.op) ? opTable[node.op] : undefined;
  if (!rule || (rule.domain ?? '') !== node.domain) {
    const name = node.domain ? `${node.domain}.${node.op}` : node.op;
    throw new Fault(
      'unsupported_operator',
      `operator ${name} of node ${nameNode(node)} is not supported: export the model with standard operators of opset 17`,
    );
  }
  return rule;
}
