import { makeNodeId, parseNodeId } from './nodeIds';

describe('node ids', () => {
  it('look like those of GitHub, and can be read', () => {
    const repository = makeNodeId('Repository', 1_296_269);
    const commit = makeNodeId('Commit', 1_296_269, 'a'.repeat(40));

    expect(repository).toMatch(/^R_kgDO[\w-]{6}$/);
    expect(commit).toMatch(/^C_kwDO[\w-]{6}/);
    expect(parseNodeId(repository)).toEqual({
      type: 'Repository',
      id: 1_296_269,
      part: undefined,
    });
    expect(parseNodeId(commit)).toEqual({
      type: 'Commit',
      id: 1_296_269,
      part: 'a'.repeat(40),
    });
  });

  it('that are something else are none', () => {
    for (const id of ['', 'R_', 'X_kgDOABPHjQ', 'not a node id']) {
      expect(parseNodeId(id)).toBeUndefined();
    }
  });
});
