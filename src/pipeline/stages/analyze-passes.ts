// The passes of the stage `analyze`, for workers that load nothing else of it.
import type { Passes } from '../stage.js';
import { voiceActivityPasses } from '../voice-activity.js';
import { measurePass } from './measure-pass.js';
import { featuresPass, musicPass } from './music-pass.js';

export const analyzePasses: Passes = {
  features: featuresPass,
  music: musicPass,
  measure: measurePass,
  ...voiceActivityPasses,
};
