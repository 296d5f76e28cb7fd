import { nn } from "@ml-mosaic/tensor";

/**
 * What every node of a U-Net is made of: twice a 3 x 3 convolution, batch norm and ReLU; [batch, inChannels, height,
 * width] to [batch, outChannels, height, width]. The convolutions have no bias: the norm would take it away again.
 */
export function doubleConvolution(inChannels: number, outChannels: number): nn.Sequential {
  const part = (from: number): readonly nn.Layer[] => [
    new nn.Conv2d(from, outChannels, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(outChannels),
    new nn.ReLU(),
  ];
  return new nn.Sequential(...part(inChannels), ...part(outChannels));
}
