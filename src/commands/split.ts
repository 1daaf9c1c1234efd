// `forge split`: the stage separate alone.
import { stageCommand } from './stage-command.js';

export const command = stageCommand('split', 'separate', { makesOneFile: false });
