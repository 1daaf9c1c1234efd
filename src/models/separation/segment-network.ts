// What every separation network is to the rest of forge, whatever its tensors: a stereo segment in, stems out.

/** Stereo stems as [stems][2][frames]. */
export type SegmentStems = readonly (readonly [Float32Array, Float32Array])[];

export interface SeparationNetwork {
  /** Samples of a segment, at 44.1 kHz. */
  readonly segmentFrames: number;
  /** Samples that it sees before and after a segment, and gives nothing for. */
  readonly contextFrames: number;
  /** Whether it takes any length, and `segmentFrames` is what was wished for. */
  readonly isFreeLength: boolean;
  /** Whether it takes the song less its mean, over its deviation. */
  readonly isNormalised: boolean;
  /**
   * Stems of a segment of `segmentFrames` samples, from those and the context at both sides.
   * @throws ForgeError model/incompatible where the network gives another number of stems, model/run-failed
   */
  separate(left: Float32Array, right: Float32Array): Promise<SegmentStems>;
}
