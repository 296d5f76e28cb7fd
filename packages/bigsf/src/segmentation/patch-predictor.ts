import { compileInference, type Device, type nn, type SampleArray, Tensor } from "@ml-mosaic/tensor";
import { BigsfError } from "../errors.ts";
import type { PatchBatch } from "./segment-rows.ts";

/** A network that says for every pixel of a patch whether it belongs to a filament. */
export interface SegmentationModel extends nn.Module {
  /**
   * Gets patches [batch, channels, P, P] and, where it has a position encoder, [batch, 2, 2]: [[y0, y1], [x0, x1]] of each patch
   * in the map. Gives logits [batch, 1, P, P], or a list of which the last counts.
   */
  forward(...inputs: Tensor[]): Tensor | readonly Tensor[];
}

export interface PatchPredictor {
  /** @returns probabilities, [count, 1, patchSize, patchSize] */
  predict(batch: PatchBatch): Promise<Float32Array>;
  release(): void;
}

export interface PredictorOptions {
  readonly model: SegmentationModel;
  readonly patchSize: number;
  /** Of a patch; 1 by default. */
  readonly channels?: number | undefined;
  /** Whether the model is told where patches lie. */
  readonly positions: boolean;
  readonly device?: Device | undefined;
  /** Threads of the processor that share the work; 1 by default. */
  readonly threads?: number | undefined;
}

/**
 * Compiles a trained model, once for batches of every size. The model stays in evaluation mode.
 *
 * @throws BigsfError `MODEL` where it does not give one logit for every pixel; TensorError where it cannot take such patches
 */
export async function compilePredictor({
  model,
  patchSize,
  channels = 1,
  positions,
  device,
  threads,
}: PredictorOptions): Promise<PatchPredictor> {
  model.eval();
  const patchShape = [channels, patchSize, patchSize];
  const saidShape = [1, patchSize, patchSize];
  const program = await compileInference({
    inputs: {
      patch: { shape: [1, ...patchShape] },
      ...(positions ? { position: { shape: [1, 2, 2] } } : {}),
    },
    build(input) {
      const output = model.forward(input("patch"), ...(positions ? [input("position")] : []));
      const logits = output instanceof Tensor ? output : output.at(-1);
      if (logits === undefined) throw new BigsfError("MODEL", "forward of the model returned an empty list");
      if (logits.shape.slice(1).join() !== saidShape.join()) {
        const shown = (shape: readonly number[]) => `[batch, ${shape.join(", ")}]`;
        throw new BigsfError(
          "MODEL",
          `the model makes ${shown(logits.shape.slice(1))} of patches ${shown(patchShape)}; segmentation needs one logit for every pixel, ${shown(saidShape)}: train it with out_channels 1`,
        );
      }
      return { probability: logits.sigmoid() };
    },
    device,
    threads,
  });
  return {
    async predict({ patches, positions: places, count }) {
      const patch: SampleArray = { data: patches, shape: [count, ...patchShape], dtype: "float32" };
      const position: SampleArray = { data: Float32Array.from(places), shape: [count, 2, 2], dtype: "float32" };
      const { probability } = await program.run(positions ? { patch, position } : { patch });
      if (!(probability instanceof Float32Array)) throw new BigsfError("MODEL", "the model gave no probabilities");
      return probability;
    },
    release: () => program.release(),
  };
}
