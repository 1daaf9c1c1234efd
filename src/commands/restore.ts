// `forge restore`: the stage restore alone.
import { stageCommand } from './stage-command.js';

export const command = stageCommand('restore', 'restore', { makesOneFile: true });
