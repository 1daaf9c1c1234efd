// Imports run one way; this file is the rule, and CI holds it (npm run deps).
//   cli → commands → {pipeline, report, and for pull, doctor, drums: models, audio, players} → …
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/', pathNot: allowed },
});
const LEAVES = '^src/(errors|units|complaints|yaml-file|file-hash)\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^ffmpeg-static$' },
    },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], pathNot: '@types/' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'A module that nothing imports is dead, or an entry that must be named here.',
      from: { orphan: true, path: '^src/', pathNot: ['^src/dsp/kernels/assembly/', '\\.d\\.ts$'] },
      to: {},
    },
    only(
      'leaves-import-leaves',
      LEAVES,
      [LEAVES],
      'errors, units, complaints and yaml-file import nothing of ours',
    ),
    only('dsp-imports-leaves', '^src/dsp/', ['^src/dsp/', LEAVES], 'dsp knows no files, threads or models'),
    only(
      'audio-imports-leaves',
      '^src/audio/',
      ['^src/audio/', '^src/dsp/(resample|kernels/)', LEAVES],
      'audio knows files, the resampler and the kernels',
    ),
    only(
      'models',
      '^src/models/',
      ['^src/models/', '^src/dsp/', '^src/audio/', LEAVES],
      'models → dsp, audio',
    ),
    only(
      'players',
      '^src/players/',
      ['^src/players/', '^src/models/', '^src/dsp/', LEAVES],
      'players → models, dsp',
    ),
    only(
      'pipeline',
      '^src/pipeline/',
      ['^src/pipeline/', '^src/models/', '^src/players/', '^src/dsp/', '^src/audio/', LEAVES],
      'pipeline → models, players, dsp, audio',
    ),
    only('report', '^src/report/', ['^src/report/', '^src/pipeline/', LEAVES], 'report → pipeline'),
    only(
      'commands',
      '^src/commands/',
      [
        '^src/commands/',
        '^src/pipeline/',
        '^src/report/',
        '^src/models/',
        '^src/players/',
        '^src/audio/',
        LEAVES,
      ],
      'commands hold no audio code',
    ),
    {
      name: 'one-place-for-threads',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/pipeline/(pools|worker|moved)\\.ts$' },
      to: { path: 'node_modules/piscina' },
    },
    {
      name: 'one-place-for-onnxruntime',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/models/session\\.ts$' },
      to: { path: 'node_modules/onnxruntime-node' },
    },
    {
      name: 'one-place-for-ffmpeg',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/audio/ffmpeg\\.ts$' },
      to: { path: 'node_modules/(fluent-ffmpeg|ffmpeg-static)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/dsp/kernels/assembly/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
