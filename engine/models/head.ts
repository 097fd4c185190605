// What follows the logits in the exported graph: probabilities and a label, a quantity in the target's own unit, or what an
// error means (anomalyHead.ts).
import { type Graph, graphBuilder } from '../graph/index.ts';
import { tensor } from '../onnx/index.ts';
import type { Preprocess } from '../schema/index.ts';
import { anomalyHead } from './anomalyHead.ts';
import { layoutOf } from './layout.ts';

/** Width of the logits that a task needs; a yes-or-no task has two, so that softmax serves both. */
export function outputsOf(preprocess: Preprocess): number {
  if (preprocess.generation) return preprocess.generation.vocabulary;
  if (preprocess.task === 'anomaly') return layoutOf(preprocess).dense;
  return preprocess.task === 'regression' ? 1 : preprocess.classes.length;
}

/** `logits` float32 [batch, k] to `probabilities` float32 [batch, k] and `label` string [batch], or to `prediction` float64 [batch]. */
export function headGraph(preprocess: Preprocess): Graph {
  if (preprocess.task === 'anomaly') return anomalyHead(preprocess);
  const g = graphBuilder('head');
  const logits = g.input('logits', 'float32', ['batch', outputsOf(preprocess)]);
  if (preprocess.task === 'regression') {
    const { mean = 0, std = 1 } = preprocess.target;
    const wide = g.op('Cast', [g.op('Squeeze', [logits, g.ints([1])])], { to: float64 });
    const spread = g.op('Mul', [wide, g.constant(tensor('float64', [], [std]))]);
    g.output(g.op('Add', [spread, g.constant(tensor('float64', [], [mean]))]), 'prediction');
    return g.build();
  }
  const classes = preprocess.classes;
  g.output(g.op('Softmax', [logits], { axis: -1 }), 'probabilities');
  const { decision } = preprocess;
  const judged = decision
    ? g.op('Add', [logits, g.constant(tensor('float32', [1, classes.length], decision))])
    : logits;
  const best = g.op('ArgMax', [judged], { axis: 1, keepdims: 0 });
  const label = g.op('LabelEncoder', [best], {
    keys_int64s: classes.map((_, i) => i),
    values_strings: classes,
    default_string: '',
  });
  g.output(label, 'label');
  return g.build();
}

/** TensorProto.DataType of what Cast makes. */
const float64 = 11;
