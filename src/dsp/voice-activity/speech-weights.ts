// Weights of the model in speech-probability.ts, in the order of describeFrames. Written by
// training/voice-activity/fit.ts; the speech is LibriSpeech (CC BY 4.0), whose recordings are not part of forge.

export const SPEECH_BIAS = -2.1289;
export const SPEECH_WEIGHTS: readonly number[] = [
  0.5437, -0.5344, 0.8452, 1.6321, 0.8496, 5.31, 0.3799, 3.7551, 8.5875, 0.7981, 1.7951, 5.8725, 1.1772,
  1.6161, -1.9236, -0.9855, 4.7895, -0.0676, -1.1756, -3.2232,
];
