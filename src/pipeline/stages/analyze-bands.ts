// The seven bands of every report by name, for pages that show them.
import { BAND_EDGES_HZ, type BandName } from '../../dsp/spectrum/figures.js';

export type BandKey = BandName;

/** Lower and upper edge in Hz, from low to high. */
export const BAND_HERTZ: Readonly<Record<BandName, readonly [number, number]>> = BAND_EDGES_HZ;
