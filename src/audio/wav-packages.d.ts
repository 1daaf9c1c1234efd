// Types of wav-decoder 1.3 and wav-encoder 1.3, which bring none: what cross-check.ts uses of them.
declare module 'wav-decoder' {
  export function decode(
    buffer: ArrayBuffer,
    options?: { symmetric?: boolean },
  ): Promise<{ sampleRate: number; channelData: Float32Array[] }>;
}

declare module 'wav-encoder' {
  export function encode(
    audio: { sampleRate: number; channelData: Float32Array[] },
    options?: { float?: boolean; bitDepth?: number; symmetric?: boolean },
  ): Promise<ArrayBuffer>;
}
