// The form that a container gives a file: the rates and sample formats that it knows, and the bit rate where nobody names
// one. Apart from the encoding itself, so that plans and forecasts know it without loading that.
import type { SampleFormat } from './audio-file.js';

export type DeliveryContainer = 'wav' | 'flac' | 'mp3' | 'm4a' | 'opus';

const FLOAT32: SampleFormat = { kind: 'float', bits: 32 };

const MP3_RATES_HZ = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
const AAC_RATES_HZ = [...MP3_RATES_HZ, 64_000, 88_200, 96_000];

/** Frames of a part of a file that is written in parts: 24 s at 44.1 kHz. */
export const PART_FRAMES = 2 ** 20;

/** Whether parts of a file can be written apart: not where a filter runs from its first frame to its last. */
export function isDivisible(
  form: {
    readonly container: DeliveryContainer;
    readonly sampleRateHz: number;
    readonly dither?: string | undefined;
  },
  source: { readonly sampleRateHz: number },
): boolean {
  const { container, sampleRateHz, dither } = form;
  return container === 'wav' && sampleRateHz === source.sampleRateHz && dither !== 'shaped';
}

/** The rate that a container gets for a rate that is asked for: the same, or the next one that it knows. */
export function deliverableRateHz(container: DeliveryContainer, sampleRateHz: number): number {
  if (container === 'opus') return 48_000;
  if (container === 'wav' || container === 'flac') return sampleRateHz;
  const known = container === 'mp3' ? MP3_RATES_HZ : AAC_RATES_HZ;
  return known.find((rateHz) => rateHz >= sampleRateHz) ?? known.at(-1)!;
}

/** The sample format that a container gets: FLAC holds integers of 16 or 24 bits, lossy containers take floats. */
export function deliverableSampleFormat(
  container: DeliveryContainer,
  sampleFormat: SampleFormat,
): SampleFormat {
  if (container === 'wav') return sampleFormat;
  if (container !== 'flac') return FLOAT32;
  return { kind: 'int', bits: sampleFormat.kind === 'int' && sampleFormat.bits <= 16 ? 16 : 24 };
}

/** Bit rates that are transparent for nearly all music, per pair of channels, in kbit/s. */
export function usualBitrateKbps(
  container: 'mp3' | 'm4a' | 'opus',
  { sampleRateHz, channelCount }: { readonly sampleRateHz: number; readonly channelCount: number },
): number {
  if (container === 'mp3') {
    // The most that the format allows: MPEG-1, MPEG-2 and MPEG-2.5.
    const highest = sampleRateHz >= 32_000 ? 320 : sampleRateHz >= 16_000 ? 160 : 64;
    return channelCount === 1 ? Math.min(160, highest) : highest;
  }
  return Math.round(((container === 'm4a' ? 256 : 192) * channelCount) / 2);
}
