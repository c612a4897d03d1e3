// The arrows: who may import whom. Run by plugins/events-backend/src/architecture.test.ts, or by hand with
// `npx depcruise plugins`. Types count as imports too.

/** Which packages of plugins/ a package may import, besides itself. Names are patterns. */
const packages = {
  'events-common': [],
  'events-node': ['events-common'],
  'events-backend': ['events-common', 'events-node'],
  'events-backend-test-utils': ['events-common', 'events-node'],
  'github-node': [],
  // What knows GitHub asks it within one budget.
  '[^/]+-module-github': ['events-common', 'events-node', 'github-node'],
  '[^/]+-module-(?!github/)[^/]+': ['events-common', 'events-node'],
};

/** The rooms of events-backend, by kind. */
const rooms = {
  pools: ['log', 'subscriptions', 'deliveries', 'endpoints'],
  movers: ['ingress', 'bus', 'streams', 'webhooks', 'maintenance'],
  windows: ['api'],
  leaves: ['model', 'database', 'notifiers', 'telemetry', 'contract'],
};

const test = '([.]test[.]ts$|/__testUtils__/)';
const any = names => `(${names.join('|')})`;
const room = names => `^plugins/events-backend/src/${any(names)}/`;
const inside = '^plugins/events-backend/src/';
const rootFile = '^plugins/events-backend/src/[^/]+$';

const packageRules = Object.entries(packages).map(([name, others]) => ({
  name: `package ${name}`,
  comment: `may import ${others.join(' and ') || 'no other package'}`,
  severity: 'error',
  from: { path: `^plugins/(${name})/`, pathNot: test },
  to: {
    path: '^(plugins|packages)/',
    pathNot: ['^plugins/$1/', `^plugins/${any([...others, 'x^'])}/`],
  },
}));

const roomRules = [
  {
    name: 'no mover imports a mover',
    from: { path: room(rooms.movers), pathNot: test },
    to: { path: room(rooms.movers), pathNot: `${inside}$1/` },
  },
  {
    name: 'no pool imports a pool',
    from: { path: room(rooms.pools), pathNot: test },
    to: { path: room(rooms.pools), pathNot: `${inside}$1/` },
  },
  {
    name: 'pools import only leaves',
    from: { path: room(rooms.pools), pathNot: test },
    to: { path: room([...rooms.movers, ...rooms.windows]) },
  },
  {
    name: 'leaves import only leaves',
    from: { path: room(rooms.leaves), pathNot: test },
    to: { path: inside, pathNot: room(rooms.leaves) },
  },
  {
    name: 'the model imports only the model',
    from: { path: room(['model']), pathNot: test },
    to: { path: inside, pathNot: room(['model']) },
  },
  {
    name: 'a window does not import a mover',
    from: { path: room(rooms.windows), pathNot: test },
    to: { path: room(rooms.movers) },
  },
  {
    name: 'no mover imports a window',
    from: { path: room(rooms.movers), pathNot: test },
    to: { path: room(rooms.windows) },
  },
  {
    name: 'root files are for root files',
    from: { path: `${inside}[^/]+/`, pathNot: test },
    to: { path: rootFile },
  },
  {
    name: 'a room is entered through its index',
    comment: 'but each file of the model stands for itself',
    from: { path: `${inside}([^/]+)`, pathNot: test },
    to: {
      path: `${inside}[^/]+/`,
      pathNot: [`${inside}$1/`, room(['model']), `${inside}[^/]+/index[.]ts$`],
    },
  },
];

const completenessRules = [
  {
    name: 'a package has its row in .dependency-cruiser.cjs',
    from: {
      path: '^plugins/',
      pathNot: `^plugins/${any(Object.keys(packages))}/`,
    },
    to: { path: '.' },
  },
  {
    name: 'a room has its kind in .dependency-cruiser.cjs',
    from: {
      path: `${inside}[^/]+/`,
      pathNot: [room(Object.values(rooms).flat()), test],
    },
    to: { path: '.' },
  },
  {
    name: 'every import is found',
    from: { path: '^plugins/' },
    // Types alone, so there is no file that could be resolved; the compiler looks for them.
    to: { couldNotResolve: true, pathNot: '^@octokit/webhooks-types$' },
  },
  {
    name: 'no cycles',
    from: { path: '^plugins/' },
    to: { circular: true },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [...packageRules, ...roomRules, ...completenessRules].map(
    rule => ({ severity: 'error', ...rule }),
  ),
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/(dist|dist-types|node_modules)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
