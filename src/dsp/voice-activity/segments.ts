// From the probability of speech in each frame to segments of speech: hysteresis, a hangover that bridges short dips,
// no segment that is shorter than a syllable, and a little room at both ends. The rules and their defaults are those
// that Silero publishes with its network, and serve every detector here.

/** Frames in which speech is looked for: 32 ms each. */
export const VOICE_FRAME_SEC = 0.032;

/** A stretch of speech; endSec > startSec ≥ 0. */
export interface SpeechSegment {
  readonly startSec: number;
  readonly endSec: number;
}

/** What a detector found in a file. */
export interface VoiceActivity {
  /** Duration of one frame; frame k covers [k, k + 1)·frameSec. */
  readonly frameSec: number;
  /** Probability of speech in each frame, 0 … 1. */
  readonly probabilities: Float32Array;
  /** In order, apart from each other. */
  readonly segments: readonly SpeechSegment[];
}

export interface SegmentOptions {
  /** A segment begins at this probability. */
  readonly enter?: number;
  /** It may end below this one … */
  readonly leave?: number;
  /** … where the probability does not come back to `enter` for this long. */
  readonly minSilenceSec?: number;
  /** Shorter segments are dropped. */
  readonly minSpeechSec?: number;
  /** Added at both ends; half of the gap where that is shorter than two of them. */
  readonly padSec?: number;
}

/**
 * The segments of speech in a file of `durationSec`. No frames or no speech: an empty list.
 * @source Silero VAD, published post-processing (get_speech_timestamps), MIT
 */
export function speechSegments(
  probabilities: ArrayLike<number>,
  durationSec: number,
  options: SegmentOptions = {},
): SpeechSegment[] {
  const { enter = 0.5, leave = 0.35, minSilenceSec = 0.1, minSpeechSec = 0.25, padSec = 0.03 } = options;
  const found: { startSec: number; endSec: number }[] = [];
  let startSec: number | undefined;
  let quietSinceSec: number | undefined;
  const close = (endSec: number) => {
    if (startSec !== undefined && endSec - startSec > minSpeechSec) found.push({ startSec, endSec });
    startSec = undefined;
    quietSinceSec = undefined;
  };
  for (let frame = 0; frame < probabilities.length; frame++) {
    const probability = probabilities[frame]!;
    const nowSec = frame * VOICE_FRAME_SEC;
    if (probability >= enter) {
      startSec ??= nowSec;
      quietSinceSec = undefined;
    } else if (probability < leave && startSec !== undefined) {
      quietSinceSec ??= nowSec;
      if (nowSec - quietSinceSec >= minSilenceSec) close(quietSinceSec);
    }
  }
  close(durationSec);
  return padSegments(found, durationSec, padSec);
}

function padSegments(found: readonly SpeechSegment[], durationSec: number, padSec: number): SpeechSegment[] {
  return found.map(({ startSec, endSec }, k) => {
    const before = found[k - 1];
    const after = found[k + 1];
    const roomBefore = before === undefined ? startSec : (startSec - before.endSec) / 2;
    const roomAfter = after === undefined ? durationSec - endSec : (after.startSec - endSec) / 2;
    return {
      startSec: startSec - Math.min(padSec, roomBefore),
      endSec: Math.min(durationSec, endSec + Math.min(padSec, Math.max(0, roomAfter))),
    };
  });
}
