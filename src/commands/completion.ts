// `forge completion bash|zsh|fish`: a script made from the command tree.
import { Argument, type Command } from 'commander';
import { defineCommand } from './command.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const command = defineCommand({
  configure(completion: Command, finish) {
    completion
      .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
      .action((shell: (typeof SHELLS)[number]) => {
        process.stdout.write(
          shell === 'fish' ? fishScript(completion.parent!) : bashScript(completion.parent!, shell),
        );
        finish(0);
      });
  },
});

function flagsOf(command: Command): string[] {
  return [...command.options.flatMap(({ short, long }) => [short, long]), '--help'].filter(
    (flag) => flag !== undefined,
  );
}

function wordsOf(command: Command): string[] {
  return [...command.commands.map((sub) => sub.name()), ...flagsOf(command)];
}

/** bash, and zsh by its emulation of bash's completion. */
function bashScript(program: Command, shell: 'bash' | 'zsh'): string {
  const cases = program.commands.map((sub) => `    ${sub.name()}) words="${wordsOf(sub).join(' ')}" ;;`);
  const prelude =
    shell === 'zsh'
      ? 'autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n'
      : '';
  return `${prelude}_forge() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="${wordsOf(program).join(' ')}" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${wordsOf(program).join(' ')}"; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -o bashdefault -F _forge forge
`;
}

function fishScript(program: Command): string {
  const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = program.commands.map(
    (sub) => `complete -c forge -n __fish_use_subcommand -a ${sub.name()} -d ${quote(sub.description())}`,
  );
  for (const sub of program.commands) {
    const condition = quote(`__fish_seen_subcommand_from ${sub.name()}`);
    for (const nested of sub.commands) {
      lines.push(`complete -c forge -n ${condition} -a ${nested.name()} -d ${quote(nested.description())}`);
    }
    for (const option of sub.options) {
      if (option.long === undefined) continue;
      lines.push(
        `complete -c forge -n ${condition} -l ${option.long.replace(/^--/, '')} -d ${quote(option.description)}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
