// What engine/classic says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const classicZh: Record<string, string> = {
  'model {1:seasonal-naive|smoothing} forecasts a series: add --task forecasting, or choose another model':
    '模型族 {1} 用于预测序列：请加上 --task forecasting，或选择其他模型族',
};
