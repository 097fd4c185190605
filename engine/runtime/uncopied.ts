// Keeps onnxruntime-node from copying outputs. Its 1.30 copies every output of a run into a new array, even one that was
// just written into memory of ours: for a training step a copy of all gradients, longer than many a backward pass. It copies
// in the order of outputs and gives up at one that is no tensor. So graphs whose outputs are all bound get an empty sequence
// as their first, and the complaint about it says that the run has ended well. A version that copies nothing, or knows
// sequences, loses nothing by it.

const stopName = 'uncopied';

/** Fields of protocol buffers: a number below 128, and bytes of at most 127. */
const field = (number: number, value: number): number[] => [number << 3, value];
const bytes = (number: number, value: readonly number[]): number[] => [(number << 3) | 2, value.length, ...value];
const text = (number: number, value: string): number[] => bytes(number, [...new TextEncoder().encode(value)]);

/** NodeProto, ValueInfoProto and TypeProto as ONNX's onnx.proto numbers their fields: an empty sequence of float32 tensors. */
const node = [...text(2, stopName), ...text(4, 'SequenceEmpty')];
const float32 = bytes(1, field(1, 1));
const output = [...text(1, stopName), ...bytes(2, bytes(4, bytes(1, float32)))];

/** A ModelProto whose graph has nothing but the output; messages one after the other are parsed as their union. */
const prefix = bytes(7, [...bytes(1, node), ...bytes(12, output)]);

/** The model with the stopping output before its own. */
export function withStop(model: Uint8Array): Uint8Array {
  const out = new Uint8Array(prefix.length + model.length);
  out.set(prefix);
  out.set(model, prefix.length);
  return out;
}

/** Outputs to ask for, the stopping one first. */
export const stopFetch: Readonly<Record<string, null>> = { [stopName]: null };

/** Whether a run that threw had written its outputs and only stopped before copying them. */
export const isStop = (error: unknown): boolean => error instanceof Error && error.message.includes('Non tensor type');
