import onnxProto from "onnx-proto";
import { HistoError } from "../platform/errors.ts";

const { onnx } = onnxProto;

export type OnnxModel = onnxProto.onnx.ModelProto;
export type OnnxGraph = onnxProto.onnx.IGraphProto;
export type OnnxNode = onnxProto.onnx.INodeProto;
export type OnnxTensor = onnxProto.onnx.ITensorProto;
export type OnnxAttribute = onnxProto.onnx.IAttributeProto;
export type OnnxValueInfo = onnxProto.onnx.IValueInfoProto;

/** Tensor element types of the ONNX specification (TensorProto.DataType), by the names that ONNX Runtime uses. */
export const ELEMENT_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

const NAME_OF_TYPE = new Map<number, ElementType>(
  Object.entries(ELEMENT_TYPES).map(([name, code]) => [code, name as ElementType]),
);

/** The name of a TensorProto.DataType, or null for one that this program does not know. */
export const elementTypeName = (code: number | null | undefined): ElementType | null =>
  NAME_OF_TYPE.get(code ?? 0) ?? null;

const notAModel = (what: string, cause?: unknown): HistoError =>
  new HistoError("MODEL_INCOMPATIBLE", what, {
    fix: "Give one self-contained .onnx file, as torch.onnx.export or onnx.save writes it.",
    cause,
  });

/**
 * Decodes an ONNX model. The tensors stay views of `bytes`, so keep it unchanged while the model is in use.
 *
 * Throws MODEL_INCOMPATIBLE when the bytes are not ONNX, hold no graph, or keep their weights in other files.
 */
export const loadOnnx = (bytes: Uint8Array): OnnxModel => {
  let model: OnnxModel;
  try {
    model = onnx.ModelProto.decode(bytes);
  } catch (cause) {
    throw notAModel("The file is not an ONNX model.", cause);
  }
  // Protobuf has no magic number: any bytes may decode by luck, but then without a graph or an operator set.
  if (!model.graph?.node?.length || !model.graph.output?.length || !model.opsetImport.length) {
    throw notAModel("The file is not an ONNX model: it has no graph.");
  }
  if (tensorsOf(model).some(isExternal)) {
    throw notAModel("The model keeps its weights in a second file (external data), which did not come with it.");
  }
  return model;
};

export const encodeOnnx = (model: OnnxModel): Uint8Array => onnx.ModelProto.encode(model).finish();

/** Version of the default operator set that the model is written in. */
export const opsetVersion = (model: OnnxModel): number =>
  Number(model.opsetImport.find(({ domain }) => !domain || domain === "ai.onnx")?.version ?? 0);

const isExternal = (tensor: OnnxTensor): boolean =>
  tensor.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL || Boolean(tensor.externalData?.length);

const tensorsOf = (model: OnnxModel): OnnxTensor[] => [
  ...tensorsOfGraph(model.graph ?? {}),
  ...model.functions.flatMap(({ node }) => tensorsOfNodes(node ?? [])),
];

const tensorsOfGraph = (graph: OnnxGraph): OnnxTensor[] => [
  ...(graph.initializer ?? []),
  ...tensorsOfNodes(graph.node ?? []),
];

const tensorsOfNodes = (nodes: readonly OnnxNode[]): OnnxTensor[] =>
  nodes.flatMap(({ attribute }) =>
    (attribute ?? []).flatMap(({ t, tensors, g, graphs }) => [
      ...(t ? [t] : []),
      ...(tensors ?? []),
      ...(g ? tensorsOfGraph(g) : []),
      ...(graphs ?? []).flatMap(tensorsOfGraph),
    ]),
  );
