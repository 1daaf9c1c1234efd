// `forge analyze`: the stage analyze alone.
import { stageCommand } from './stage-command.js';

export const command = stageCommand('analyze', 'analyze', { makesOneFile: false });
