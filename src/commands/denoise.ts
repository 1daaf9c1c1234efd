// `forge denoise`: the stage denoise alone.
import { stageCommand } from './stage-command.js';

export const command = stageCommand('denoise', 'denoise', { makesOneFile: true });
