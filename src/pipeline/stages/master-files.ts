// The files that options of `master` name: read and checked when the run is planned, so that a wrong name fails before any
// work, and hashed, so that a result is made anew when one of them changes.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { ForgeError } from '../../errors.js';
import { sha256Sync } from '../../file-hash.js';
import { loadMasterTarget } from '../master-target.js';
import { loadTargetCurve } from '../target-curve.js';
import type { MasterOptions } from './master-options.js';

/**
 * sha256 over what the preset, the curve and the references hold.
 * @throws ForgeError preset/* for a preset or curve that is wrong, input/not-found for a reference that is not there
 */
export function hashNamedFiles(options: MasterOptions): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(loadMasterTarget(options.preset)));
  if (options.curve !== 'auto') hash.update(JSON.stringify(loadTargetCurve(options.curve)));
  for (const path of options.reference) {
    if (!existsSync(path)) {
      throw new ForgeError(
        'input/not-found',
        `expected an audio file for reference, got "${path}", which is not there`,
      );
    }
    hash.update(sha256Sync(path));
  }
  return hash.digest('hex');
}
